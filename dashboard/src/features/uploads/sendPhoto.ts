import { ApiError, errorFromAnswer, unreachable } from '@/api/errors';
import type { components } from '@/api/schema';
import { instantOf } from '@/components/localTime';
import type { Direction } from '@/domain/sighting';
import type { VehicleType } from '@/domain/vehicle';

/** One photo's answer: its size and the sightings recorded from it. */
export type RecordedImage = components['schemas']['ImageSightingsRead'];

/** What a person may say about the photos they send. */
export interface PassFacts {
  camera: string;
  location: string;
  direction: Direction;
  /** When the photo was taken, as text of a field in the reader's own zone; empty for the photo's own time. */
  captured_at: string;
  /** Of the surest plate in each photo, as the color and the make. */
  vehicle_type: VehicleType | null;
  vehicle_color: string;
  vehicle_make: string;
}

/** Without what is said of the next photo alone. */
export const NEXT_PHOTO = {
  captured_at: '',
  vehicle_type: null,
  vehicle_color: '',
  vehicle_make: '',
} as const;
export const NOTHING_SAID: PassFacts = {
  camera: '',
  location: '',
  direction: 'unknown',
  ...NEXT_PHOTO,
};

export interface PhotoToSend {
  file: File;
  facts: PassFacts;
  /** The same for every attempt at one photo, so that no attempt records it twice. */
  idempotencyKey: string;
  signal: AbortSignal;
  /** Called with the part sent, 0 to 1; at 1 the server has all of it and reads. */
  onProgress: (fraction: number) => void;
}

export type SendPhoto = (photo: PhotoToSend) => Promise<RecordedImage>;

/**
 * Sends one photo and records its plates. Over XMLHttpRequest, because fetch cannot say how much of a
 * body has been sent.
 *
 * @throws ApiError for every answer but success, and with status 0 when there was none.
 */
export const sendPhoto: SendPhoto = (photo) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', '/api/v1/sightings');
    request.setRequestHeader('Idempotency-Key', photo.idempotencyKey);
    request.setRequestHeader('Accept', 'application/json');
    request.upload.onprogress = ({ loaded, total, lengthComputable }) => {
      if (lengthComputable) photo.onProgress(loaded / total);
    };
    request.upload.onload = () => {
      photo.onProgress(1);
    };
    request.onload = () => {
      try {
        resolve(readAnswer(request));
      } catch (error) {
        reject(error instanceof Error ? error : unreachable());
      }
    };
    request.onerror = () => {
      reject(unreachable());
    };
    request.onabort = () => {
      reject(new DOMException('The photo was taken back', 'AbortError'));
    };
    photo.signal.addEventListener('abort', () => {
      request.abort();
    });
    request.send(formOf(photo));
  });

function formOf({ file, facts }: PhotoToSend): FormData {
  const form = new FormData();
  form.append('image', file, file.name);
  form.append('direction', facts.direction);
  const capturedAt = instantOf(facts.captured_at);
  if (capturedAt !== null) form.append('captured_at', capturedAt);
  if (facts.vehicle_type !== null) form.append('vehicle_type', facts.vehicle_type);
  for (const field of ['camera', 'location', 'vehicle_color', 'vehicle_make'] as const) {
    const text = facts[field].trim();
    if (text !== '') form.append(field, text);
  }
  return form;
}

function readAnswer(request: XMLHttpRequest): RecordedImage {
  const body = parseJson(request.responseText);
  if (request.status < 200 || request.status >= 300) {
    throw errorFromAnswer(request.status, body, request.getResponseHeader('Retry-After'));
  }
  const image = (body as components['schemas']['RecordAnswer'] | null)?.images[0];
  if (image === undefined) {
    throw new ApiError('The server gave an answer without the photo. Look in its log.', {
      status: request.status,
    });
  }
  return image;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
