import type { Sighting } from '@/domain/sighting';
import type { RecordedImage } from '@/features/uploads/sendPhoto';

/** A sighting of AB12CDE at noon; `over` says what is different about it. */
export function makeSighting(over: Partial<Sighting> = {}): Sighting {
  const id = over.id ?? 1;
  return {
    id,
    plate: 'AB12CDE',
    confidence: 0.94,
    is_unsure: false,
    region: null,
    region_confidence: null,
    read_plate: over.plate ?? 'AB12CDE',
    is_corrected: false,
    source: 'upload',
    box: [100, 200, 300, 260],
    corners: [
      [100, 200],
      [300, 204],
      [298, 260],
      [101, 256],
    ],
    characters: Array.from('AB12CDE', (character): [string, number] => [character, 0.95]),
    direction: 'unknown',
    vehicle_type: null,
    vehicle_color: null,
    vehicle_make: null,
    camera: null,
    camera_id: null,
    location: null,
    location_id: null,
    subject: null,
    note: null,
    captured_at: '2026-03-01T12:00:00Z',
    captured_at_source: 'upload',
    recorded_at: '2026-03-01T12:00:01Z',
    recorded_by: 'anna',
    detector: 'rapidocr',
    recognizer: 'rapidocr',
    image_width: 800,
    image_height: 600,
    image_url: `/api/v1/sightings/${id}/image`,
    crop_url: `/api/v1/sightings/${id}/crop`,
    annotated_url: `/api/v1/sightings/${id}/annotated`,
    ...over,
  };
}

/** The answer to one photo; `over` says what is different about it. */
export function makeImage(over: Partial<RecordedImage> = {}): RecordedImage {
  return {
    image: 'car.jpg',
    width: 800,
    height: 600,
    ms: 12,
    captured_at: '2026-03-01T12:00:00Z',
    captured_at_source: 'upload',
    captured_at_note: null,
    is_known: false,
    sightings: [],
    ...over,
  };
}

/** A sighting `minutes` after noon. */
export function sightingAt(minutes: number, over: Partial<Sighting> = {}): Sighting {
  const captured_at = new Date(Date.UTC(2026, 2, 1, 12, minutes)).toISOString();
  return makeSighting({ id: 100 + minutes, captured_at, ...over });
}
