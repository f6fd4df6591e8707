import { fireEvent, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';

import { PhotoDrop } from '@/features/uploads/PhotoDrop';

import { renderThemed } from '../../support/render';

function drawOn(pointer: 'coarse' | 'fine', onRefused = vi.fn()) {
  vi.stubGlobal('matchMedia', (query: string) => ({
    matches: query === `(pointer: ${pointer})`,
    media: query,
    addEventListener: vi.fn(),
    removeEventListener: vi.fn(),
  }));
  const onPhotos = vi.fn();
  renderThemed(<PhotoDrop isCompact={false} onPhotos={onPhotos} onRefused={onRefused} />);
  return onPhotos;
}

test('a phone offers its camera and says nothing of dropping', async () => {
  const onPhotos = drawOn('coarse');
  expect(screen.getByText('Choose photos')).toBeInTheDocument();
  expect(screen.getByRole('button', { name: 'Take a photo' })).toBeInTheDocument();
  const camera = document.querySelector<HTMLInputElement>('input[capture="environment"]');
  if (camera === null) throw new Error('the camera input is drawn');
  const taken = new File(['x'], 'taken.jpg', { type: 'image/jpeg' });
  await userEvent.upload(camera, taken);
  expect(onPhotos).toHaveBeenCalledExactlyOnceWith([taken]);
});

test('a computer offers dropping and pasting, and no camera', () => {
  drawOn('fine');
  expect(screen.getByText('Drop photos here, or click to choose')).toBeInTheDocument();
  expect(screen.queryByRole('button', { name: 'Take a photo' })).toBeNull();
});

test('several photos are handed on together', async () => {
  const onPhotos = drawOn('fine');
  const photos = ['a.jpg', 'b.jpg'].map((name) => new File(['x'], name, { type: 'image/jpeg' }));
  await userEvent.upload(screen.getByLabelText('Photos to read'), photos);
  await vi.waitFor(() => {
    expect(onPhotos).toHaveBeenCalledOnce();
  });
  const [files] = onPhotos.mock.calls[0] as [File[]];
  expect(files.map(({ name }) => name)).toEqual(['a.jpg', 'b.jpg']);
});

test.each(['IMG_0001.HEIC', 'car.avif', 'car.jfif'])(
  'a dropped %s without a type is taken',
  async (name) => {
    const onPhotos = drawOn('fine');
    const zone = screen.getByRole('button', { name: 'Add photos' });
    const photo = new File(['x'], name, { type: '' });
    fireEvent.drop(zone, { dataTransfer: { files: [photo], types: ['Files'] } });
    await vi.waitFor(() => {
      expect(onPhotos).toHaveBeenCalledOnce();
    });
  },
);

test('a phone is asked for formats that it converts its photos to', () => {
  drawOn('coarse');
  const accept = screen.getByLabelText('Photos to read').getAttribute('accept');
  expect(accept).toContain('image/jpeg');
  expect(accept).not.toContain('hei');
});
