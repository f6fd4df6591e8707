import type { Direction, Sighting } from './sightings';

export const DIRECTION_WORDS: Record<Direction, string> = {
  entering: 'Entering',
  leaving: 'Leaving',
  unknown: 'Unknown',
};

/** The plate as people know it: as somebody wrote it, else as it was read. */
export function shownPlate({ plate, written }: Pick<Sighting, 'plate' | 'written'>): string {
  return written ?? plate;
}

export const DIRECTIONS: Direction[] = ['unknown', 'entering', 'leaving'];
