import type { components } from '@/api/schema';

export type Sighting = components['schemas']['SightingRead'];
export type Direction = Sighting['direction'];

export const DIRECTION_WORDS: Record<Direction, string> = {
  entering: 'Entering',
  leaving: 'Leaving',
  unknown: 'Unknown',
};

type TimeSource = NonNullable<Sighting['captured_at_source']>;

const TIME_SOURCE_WORDS: Record<TimeSource, string> = {
  given: 'as entered',
  exif: 'by the camera’s clock',
  file: 'by the date of the file',
  upload: 'time of the upload',
};

/** Where the time of a sighting or photo comes from; null for those of versions that didn't keep it. */
export function timeSource(source: TimeSource | null, isTyped = false): string | null {
  if (source === null) return null;
  return isTyped && source === 'upload' ? 'time of the entry' : TIME_SOURCE_WORDS[source];
}

/** Whether somebody typed the pass, so that nothing was read and nothing has a confidence. */
export function isTyped({ recognizer }: Pick<Sighting, 'recognizer'>): boolean {
  return recognizer === 'manual';
}

/** The plate as people know it: as somebody wrote it, else as it was read. */
export function shownPlate({ plate, written }: Pick<Sighting, 'plate' | 'written'>): string {
  return written ?? plate;
}

export const DIRECTIONS: Direction[] = ['unknown', 'entering', 'leaving'];
