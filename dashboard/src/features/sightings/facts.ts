import type { Direction } from './sightings';

export const DIRECTION_WORDS: Record<Direction, string> = {
  entering: 'Entering',
  leaving: 'Leaving',
  unknown: 'Unknown',
};

export const DIRECTIONS: Direction[] = ['unknown', 'entering', 'leaving'];
