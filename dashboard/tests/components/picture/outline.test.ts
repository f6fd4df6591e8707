import { expect, test } from 'vitest';

import { labelPlace, polygonPoints } from '@/components/picture/outline';

const SIZE = { width: 1000, height: 500 };

function rectangle(x1: number, y1: number, x2: number, y2: number): [number, number][] {
  return [
    [x1, y1],
    [x2, y1],
    [x2, y2],
    [x1, y2],
  ];
}

test('corners become the points of a polygon in their order', () => {
  expect(polygonPoints([])).toBe('');
  expect(
    polygonPoints([
      [1, 2],
      [30.5, 4],
      [31, 20],
    ]),
  ).toBe('1,2 30.5,4 31,20');
});

test.each([
  ['over a plate in the middle', rectangle(400, 250, 600, 300), 50, 50, 'above'],
  ['under a plate at the top', rectangle(400, 10, 600, 50), 50, 10, 'below'],
  ['into a plate that fills the picture', rectangle(0, 5, 1000, 520), 50, 100, 'above'],
  ['inside the left edge', rectangle(0, 250, 40, 300), 12, 50, 'above'],
  ['inside the right edge', rectangle(960, 250, 1000, 300), 88, 50, 'above'],
])('the label goes %s', (_name, corners, leftPercent, topPercent, side) => {
  expect(labelPlace(corners, SIZE)).toEqual({ leftPercent, topPercent, side });
});

test('a tilted plate is labelled at its highest corner', () => {
  const corners = [
    [400, 300],
    [600, 250],
    [610, 300],
    [405, 350],
  ];
  expect(labelPlace(corners, SIZE)).toMatchObject({ leftPercent: 50.5, topPercent: 50 });
});
