import { fireEvent, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';

import { NOTHING_SAID, type RecordedImage } from '@/features/uploads/sendPhoto';
import { UploadList } from '@/features/uploads/UploadList';
import type { Upload, UploadState } from '@/features/uploads/UploadQueue';

import { renderThemed } from '../../support/render';
import { makeImage, makeSighting } from '../../support/sightings';

function upload(key: string, state: UploadState): Upload {
  return {
    key,
    file: new File(['x'], `${key}.jpg`),
    previewUrl: 'blob:x',
    facts: NOTHING_SAID,
    state,
  };
}

function done(key: string, plates: string[], over: Partial<RecordedImage> = {}): Upload {
  const sightings = plates.map((plate, id) => makeSighting({ id, plate }));
  const image = makeImage({ image: key, sightings, ...over });
  return upload(key, { kind: 'done', image });
}

function draw(uploads: Upload[], selectedKey: string | null = null) {
  const calls = { onSelect: vi.fn(), onRetry: vi.fn(), onRemove: vi.fn(), onClear: vi.fn() };
  renderThemed(<UploadList uploads={uploads} selectedKey={selectedKey} {...calls} />);
  return calls;
}

test.each<[string, UploadState, string]>([
  ['waiting', { kind: 'waiting' }, 'Waiting'],
  ['failed', { kind: 'failed', message: 'Cut short.', canRetry: true }, 'Cut short.'],
])('a %s photo says so', (_name, state, words) => {
  draw([upload('car', state)]);
  expect(screen.getByText(words)).toBeInTheDocument();
});

test('a held photo says in how many seconds it is sent again', () => {
  const nowMs = Date.now();
  vi.spyOn(Date, 'now').mockReturnValue(nowMs);
  draw([upload('car', { kind: 'held', retryAtMs: nowMs + 9_500 })]);
  expect(screen.getByText('The server is busy. Trying again in 10 s')).toBeInTheDocument();
});

test.each<[string, UploadState]>([
  ['Sending', { kind: 'sending', fraction: 0.3 }],
  ['Reading', { kind: 'reading' }],
])('%s is a progress bar with that name', (name, state) => {
  draw([upload('car', state)]);
  expect(screen.getByRole('progressbar', { name })).toBeInTheDocument();
});

test('a photo that was read shows its plates, or that it has none', () => {
  draw([done('one', ['AB12CDE', 'XY99ZZZ']), done('none', [])]);
  const [first, second] = screen.getAllByRole('listitem');
  if (first === undefined || second === undefined) throw new Error('two rows were drawn');
  expect(within(first).getByText('XY99ZZZ')).toBeInTheDocument();
  expect(within(second).getByText('No plate found')).toBeInTheDocument();
});

test('failed photos are not counted as read', () => {
  const failed: UploadState = { kind: 'failed', message: 'Not a photo.', canRetry: false };
  draw([done('a', []), upload('b', { kind: 'waiting' }), upload('c', failed), upload('d', failed)]);
  expect(screen.getByRole('status')).toHaveTextContent('1 of 4 photos read, 2 failed');
});

test('a file that the browser cannot show has an icon in place of a broken picture', () => {
  draw([upload('phone', { kind: 'failed', message: 'No.', canRetry: false })]);
  const picture = document.querySelector('img');
  if (picture === null) throw new Error('the thumbnail is drawn');
  fireEvent.error(picture);
  expect(document.querySelector('img')).toBeNull();
});

test('nothing can be cleared or looked at while nothing is finished', () => {
  draw([upload('b', { kind: 'reading' })]);
  expect(screen.queryByRole('button', { name: 'Clear' })).toBeNull();
  expect(screen.getByRole('button', { name: /b\.jpg Reading|^b\.jpg/ })).toBeDisabled();
});

test('its buttons do what they say', async () => {
  const calls = draw([
    done('a', ['AB12CDE']),
    upload('b', { kind: 'failed', message: 'No.', canRetry: true }),
    upload('c', { kind: 'failed', message: 'Not a photo.', canRetry: false }),
  ]);
  await userEvent.click(screen.getByRole('button', { name: /AB12CDE/ }));
  expect(calls.onSelect).toHaveBeenCalledExactlyOnceWith('a');
  await userEvent.click(screen.getByRole('button', { name: 'Retry' }));
  expect(calls.onRetry).toHaveBeenCalledExactlyOnceWith('b');
  await userEvent.click(screen.getByRole('button', { name: 'Remove c.jpg from this list' }));
  expect(calls.onRemove).toHaveBeenCalledExactlyOnceWith('c');
  await userEvent.click(screen.getByRole('button', { name: 'Clear' }));
  expect(calls.onClear).toHaveBeenCalledOnce();
});

test('a photo that the browser can not show has an icon', () => {
  draw([upload('IMG_1', { kind: 'waiting' })]);
  const picture = document.querySelector('img');
  if (picture === null) throw new Error('the thumbnail is drawn');
  fireEvent.error(picture);
  expect(document.querySelector('img')).toBeNull();
  expect(document.querySelector('svg')).not.toBeNull();
});

test.each<[RecordedImage['captured_at_source'], string]>([
  ['exif', 'by the camera’s clock'],
  ['file', 'by the date of the file'],
  ['upload', 'time of the upload'],
  ['given', 'as entered'],
])('a photo shows when it was taken, from %s', (captured_at_source, words) => {
  draw([done('car', ['AB12CDE'], { captured_at_source, captured_at_note: 'Its clock is wrong.' })]);
  expect(screen.getByText(new RegExp(`^Taken .*2026.*, ${words}$`))).toBeInTheDocument();
  expect(screen.getByText('Its clock is wrong.')).toBeInTheDocument();
});

test('a photo that is known says so, and an unsure plate has its mark', () => {
  const known = done('car', ['AB12CDE'], { is_known: true });
  const image = makeImage({ sightings: [makeSighting({ id: 9, plate: 'XY1', is_unsure: true })] });
  draw([known, upload('blur', { kind: 'done', image })]);
  expect(screen.getByText('Recorded before, not again')).toBeInTheDocument();
  expect(screen.getAllByText(', unsure')).toHaveLength(1);
});
