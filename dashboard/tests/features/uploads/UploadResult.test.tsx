import { cleanup, fireEvent, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';

import type { Sighting } from '@/domain/sighting';
import type { RecordedImage } from '@/features/uploads/sendPhoto';
import { UploadResult } from '@/features/uploads/UploadResult';

import { renderRouted } from '../../support/render';
import { makeImage, makeSighting } from '../../support/sightings';

function draw(sightings: Sighting[], over: Partial<RecordedImage> = {}): void {
  const image = makeImage({ ms: 80.4, sightings, ...over });
  renderRouted(<UploadResult name="car.jpg" previewUrl="blob:car" image={image} />);
}

test('the first plate is shown in full, another when it is chosen', async () => {
  draw([
    makeSighting({ id: 1, plate: 'FIRST1', characters: [['F', 0.91]] }),
    makeSighting({ id: 2, plate: 'SECOND2', characters: [['S', 0.42]] }),
  ]);
  expect(screen.getByText('F, 91 per cent')).toBeInTheDocument();
  await userEvent.click(screen.getByRole('button', { name: 'Plate SECOND2' }));
  expect(screen.getByText('S, 42 per cent')).toBeInTheDocument();
  expect(screen.queryByText('F, 91 per cent')).toBeNull();
  expect(screen.getByRole('link', { name: 'All facts' })).toHaveAttribute('href', '/sightings/2');
});

test('the plates can be reached and chosen by keyboard', async () => {
  draw([makeSighting({ id: 1, plate: 'FIRST1' }), makeSighting({ id: 2, plate: 'SECOND2' })]);
  await userEvent.tab();
  expect(screen.getByRole('button', { name: 'Plate FIRST1' })).toHaveFocus();
  await userEvent.tab();
  await userEvent.keyboard('{Enter}');
  expect(screen.getByRole('button', { name: 'Plate SECOND2' })).toHaveAttribute(
    'aria-pressed',
    'true',
  );
});

test('a sighting without a crop is shown without one', () => {
  draw([makeSighting({ crop_url: null })]);
  expect(screen.queryByRole('img', { name: /Cut-out/ })).toBeNull();
});

test('the stored picture is shown, on which the outlines lie, else the photo itself', () => {
  draw([makeSighting({ image_url: '/api/v1/sightings/1/image' })]);
  const stored = screen.getByRole('img', { name: 'car.jpg' });
  expect(stored).toHaveAttribute('src', '/api/v1/sightings/1/image');
  cleanup();
  draw([makeSighting({ image_url: null })]);
  expect(screen.getByRole('img', { name: 'car.jpg' })).toHaveAttribute('src', 'blob:car');
});

test('a photo that the browser can not show leaves no broken picture', () => {
  draw([]);
  fireEvent.error(screen.getByRole('img', { name: 'car.jpg' }));
  expect(screen.queryByRole('img', { name: 'car.jpg' })).toBeNull();
  expect(screen.getByText('No plate found in this photo')).toBeInTheDocument();
});

test('without a plate there is nothing to choose and no facts to open', () => {
  draw([]);
  expect(screen.getByText('No plate found in this photo')).toBeInTheDocument();
  expect(screen.queryByRole('button')).toBeNull();
  expect(screen.queryByRole('link')).toBeNull();
});

test('the time of the photo is shown with where it comes from', () => {
  draw([makeSighting()], { captured_at_source: 'exif', captured_at: '2026-03-01T12:00:00Z' });
  expect(screen.getByText('(by the camera’s clock)')).toBeInTheDocument();
  draw([makeSighting()], { captured_at_note: 'Check the camera’s clock.', is_known: true });
  expect(screen.getByText('Check the camera’s clock.')).toBeInTheDocument();
  expect(screen.getByText(/recorded before, not again/)).toBeInTheDocument();
});
