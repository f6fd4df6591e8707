import { beforeEach, expect, test, vi } from 'vitest';

import { UNREACHABLE_MESSAGE } from '@/api/errors';
import { NOTHING_SAID, type PhotoToSend, sendPhoto } from '@/features/uploads/sendPhoto';

import { FakeUploadRequest } from '../../support/FakeUploadRequest';
import { makeImage, makeSighting } from '../../support/sightings';

const IMAGE = makeImage({ sightings: [makeSighting()] });

function photo(over: Partial<PhotoToSend> = {}): PhotoToSend {
  return {
    file: new File(['x'], 'car.jpg', { type: 'image/jpeg' }),
    facts: NOTHING_SAID,
    idempotencyKey: 'k1',
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...over,
  };
}

beforeEach(() => {
  FakeUploadRequest.sent = [];
  vi.stubGlobal('XMLHttpRequest', FakeUploadRequest);
});

test('the photo travels as a form with its key', async () => {
  const facts = { ...NOTHING_SAID, camera: ' Gate ', location: '  ' };
  const answer = sendPhoto(photo({ facts: { ...facts, direction: 'leaving' } }));
  const { target, headers, body } = FakeUploadRequest.latest;
  expect(target).toBe('POST /api/v1/sightings');
  expect(headers['Idempotency-Key']).toBe('k1');
  expect([...body.keys()]).toEqual(['image', 'direction', 'camera']);
  expect(body.get('camera')).toBe('Gate');
  expect(body.get('direction')).toBe('leaving');
  expect(body.get('image')).toMatchObject({ name: 'car.jpg' });
  FakeUploadRequest.latest.answer(201, { images: [IMAGE] });
  await expect(answer).resolves.toEqual(IMAGE);
});

test('what is known of the vehicle travels with it', async () => {
  const vehicle = { vehicle_type: 'van', vehicle_color: ' ', vehicle_make: 'Ford ' } as const;
  const answer = sendPhoto(photo({ facts: { ...NOTHING_SAID, ...vehicle } }));
  const { body } = FakeUploadRequest.latest;
  expect([...body.keys()]).toEqual(['image', 'direction', 'vehicle_type', 'vehicle_make']);
  expect([body.get('vehicle_type'), body.get('vehicle_make')]).toEqual(['van', 'Ford']);
  FakeUploadRequest.latest.answer(201, { images: [IMAGE] });
  await answer;
});

test('a time that somebody entered travels with its offset, an unfinished one does not', async () => {
  for (const [captured_at, sent] of [
    ['2026-02-01T10:00', new Date('2026-02-01T10:00').toISOString()],
    ['', null],
    ['2026-02-', null],
  ] as const) {
    const answer = sendPhoto(photo({ facts: { ...NOTHING_SAID, captured_at } }));
    expect(FakeUploadRequest.latest.body.get('captured_at')).toBe(sent);
    FakeUploadRequest.latest.answer(201, { images: [IMAGE] });
    await answer;
  }
});

test('progress is reported as a part of the whole, and 1 when all is sent', async () => {
  const onProgress = vi.fn();
  const answer = sendPhoto(photo({ onProgress }));
  FakeUploadRequest.latest.progress(5, 0);
  FakeUploadRequest.latest.progress(25, 100);
  FakeUploadRequest.latest.answer(201, { images: [IMAGE] });
  await answer;
  expect(onProgress.mock.calls).toEqual([[0.25], [1]]);
});

test.each([
  [
    'a problem',
    422,
    { detail: 'Send a JPEG.' },
    {},
    { message: 'Send a JPEG.', retryAfterS: null },
  ],
  ['a busy server', 503, { detail: 'Busy.' }, { 'Retry-After': '3' }, { retryAfterS: 3 }],
  ['a proxy’s page', 413, '<html>', {}, { status: 413 }],
  ['a success without the photo', 201, { images: [] }, {}, { status: 201 }],
  ['a success without a body', 201, '', {}, { status: 201 }],
])('%s is an error with the server’s words', async (_name, status, body, headers, expected) => {
  const answer = sendPhoto(photo());
  FakeUploadRequest.latest.answer(status, body, headers);
  await expect(answer).rejects.toMatchObject({ name: 'ApiError', ...expected });
});

test('a network that is gone is an error that says so', async () => {
  const answer = sendPhoto(photo());
  FakeUploadRequest.latest.fail();
  await expect(answer).rejects.toThrow(UNREACHABLE_MESSAGE);
});

test('taking it back stops the request', async () => {
  const control = new AbortController();
  const answer = sendPhoto(photo({ signal: control.signal }));
  control.abort();
  await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
});
