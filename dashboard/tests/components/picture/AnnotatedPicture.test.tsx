import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';

import { AnnotatedPicture } from '@/components/picture/AnnotatedPicture';

import { renderThemed } from '../../support/render';
import { makeSighting } from '../../support/sightings';

const PLATES = [makeSighting({ id: 1 }), makeSighting({ id: 2, plate: 'XY99ZZZ' })];

test('each plate is outlined in pixels of the picture', () => {
  const { container } = renderThemed(
    <AnnotatedPicture src="/x.jpg" alt="Cars" width={800} height={600} plates={PLATES} />,
  );
  expect(container.querySelector('svg')).toHaveAttribute('viewBox', '0 0 800 600');
  const outlines = container.querySelectorAll('polygon.outline');
  expect(outlines).toHaveLength(2);
  expect(outlines[0]).toHaveAttribute('points', '100,200 300,204 298,260 101,256');
  expect(screen.getByRole('img', { name: 'Cars' })).toHaveAttribute('src', '/x.jpg');
});

test('a plate is chosen by its label', async () => {
  const onSelect = vi.fn();
  renderThemed(
    <AnnotatedPicture
      src="/x.jpg"
      alt="Cars"
      width={800}
      height={600}
      plates={PLATES}
      selectedId={1}
      onSelect={onSelect}
    />,
  );
  expect(screen.getByRole('button', { name: 'Plate AB12CDE' })).toHaveAttribute(
    'aria-pressed',
    'true',
  );
  await userEvent.click(screen.getByRole('button', { name: 'Plate XY99ZZZ' }));
  expect(onSelect).toHaveBeenCalledExactlyOnceWith(2);
});

test('without a choice to make the labels are no buttons', () => {
  renderThemed(
    <AnnotatedPicture src="/x.jpg" alt="Cars" width={800} height={600} plates={PLATES} />,
  );
  expect(screen.queryByRole('button')).toBeNull();
  expect(screen.getByText('XY99ZZZ')).toBeInTheDocument();
});

test('a plate that nobody located has no outline', () => {
  const plates = [makeSighting({ id: 1 }), makeSighting({ id: 2, corners: null })];
  const { container } = renderThemed(
    <AnnotatedPicture src="/x.jpg" alt="Cars" width={800} height={600} plates={plates} />,
  );
  expect(container.querySelectorAll('polygon.outline')).toHaveLength(1);
});
