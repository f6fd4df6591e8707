import { render, screen } from '@testing-library/react';
import { expect, test } from 'vitest';

import { CharacterConfidence, Confidence, percent, toneOf } from '@/components/Confidence';

test.each([
  [1, 'sure'],
  [0.9, 'sure'],
  [0.899, 'fair'],
  [0.7, 'fair'],
  [0.699, 'guess'],
  [0, 'guess'],
])('a confidence of %d is %s', (confidence, tone) => {
  expect(toneOf(confidence)).toBe(tone);
});

test.each([
  [0, 0],
  [0.944, 94],
  [0.999, 99],
  [1, 100],
])('a confidence of %d reads %d per cent', (confidence, figure) => {
  expect(percent(confidence)).toBe(figure);
});

test('the meter says its figure', () => {
  const { container } = render(<Confidence value={0.83} />);
  expect(container).toHaveTextContent('Confidence 83%');
  expect(container.firstElementChild).toHaveAttribute('data-tone', 'fair');
});

test('each character is read out with its confidence, in order and also when repeated', () => {
  render(
    <CharacterConfidence
      characters={[
        ['B', 0.98],
        ['8', 0.55],
        ['B', 0.8],
      ]}
    />,
  );
  const spoken = screen.getAllByText(/per cent$/).map(({ textContent }) => textContent);
  expect(spoken).toEqual(['B, 98 per cent', '8, 55 per cent', 'B, 80 per cent']);
  const tones = screen.getAllByRole('listitem').map((item) => item.dataset['tone']);
  expect(tones).toEqual(['sure', 'guess', 'fair']);
});
