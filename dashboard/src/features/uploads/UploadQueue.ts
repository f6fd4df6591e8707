import { type ApiError, toApiError } from '@/api/errors';
import type { Sighting } from '@/domain/sighting';

import type { PassFacts, RecordedImage, SendPhoto } from './sendPhoto';

export type UploadState =
  | { kind: 'waiting' }
  | { kind: 'sending'; fraction: number }
  | { kind: 'reading' }
  /** The server is busy; the photo is sent again at `retryAtMs`. */
  | { kind: 'held'; retryAtMs: number }
  | { kind: 'done'; image: RecordedImage }
  | { kind: 'failed'; message: string; canRetry: boolean };

/** One photo on its way. `key` names it here and, to the server, all attempts at it. */
export interface Upload {
  key: string;
  file: File;
  /** An object URL of the file. */
  previewUrl: string;
  facts: PassFacts;
  state: UploadState;
}

interface UploadQueueOptions {
  send: SendPhoto;
  onRecorded: (image: RecordedImage) => void;
  onError: (error: ApiError) => void;
}

/** Two at once keep the server's readers busy while the next photo travels. */
export const AT_ONCE = 2;
export const MOST_BUSY_ANSWERS = 8;
const BUSY_WAIT_S = 5;
/** Answers on the photo itself or on what was said of it: the same photo gets the same answer. */
const FINAL: ReadonlySet<number> = new Set([400, 403, 413, 415, 422]);

/** The photos dropped on the page: sent two at a time, and again by themselves when the server is busy. */
export class UploadQueue {
  private readonly options: UploadQueueOptions;
  private readonly listeners = new Set<() => void>();
  private readonly underWay = new Map<string, AbortController>();
  private readonly holds = new Map<string, ReturnType<typeof setTimeout>>();
  private readonly busyAnswers = new Map<string, number>();
  private uploads: readonly Upload[] = [];

  constructor(options: UploadQueueOptions) {
    this.options = options;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): readonly Upload[] => this.uploads;

  add(files: readonly File[], facts: PassFacts): void {
    this.set([
      ...this.uploads,
      ...files.map((file) => newUpload(file, facts, { kind: 'waiting' })),
    ]);
    this.pump();
  }

  /** Lists a file that is not sent at all, with the reason. */
  refuse(file: File, facts: PassFacts, message: string): void {
    const state: UploadState = { kind: 'failed', message, canRetry: false };
    this.set([...this.uploads, newUpload(file, facts, state)]);
  }

  retry(key: string): void {
    this.forgetHold(key);
    this.busyAnswers.delete(key);
    this.move(key, { kind: 'waiting' });
    this.pump();
  }

  remove(key: string): void {
    this.forgetHold(key);
    this.underWay.get(key)?.abort();
    const upload = this.uploads.find((candidate) => candidate.key === key);
    if (upload !== undefined) URL.revokeObjectURL(upload.previewUrl);
    this.set(this.uploads.filter((candidate) => candidate.key !== key));
  }

  /** Shows a sighting as it is after a change; one that was deleted (null) goes, with its photo if that was its last. */
  replaceSighting(id: number, sighting: Sighting | null): void {
    for (const { key, state } of this.uploads) {
      if (state.kind !== 'done') continue;
      const old = state.image.sightings.find((candidate) => candidate.id === id);
      if (old === undefined || old === sighting) continue;
      const image = withReplaced(state.image, old, sighting);
      if (image.sightings.length === 0) this.remove(key);
      else this.move(key, { ...state, image });
    }
  }

  /** Takes every finished photo off the list. */
  clearFinished(): void {
    for (const { key, state } of this.uploads) {
      if (state.kind === 'done' || state.kind === 'failed') this.remove(key);
    }
  }

  /** Takes everything back, also what is under way. */
  dispose(): void {
    for (const { key } of this.uploads) this.remove(key);
  }

  private pump(): void {
    for (const upload of this.uploads) {
      if (this.underWay.size >= AT_ONCE) return;
      if (upload.state.kind === 'waiting') void this.send(upload);
    }
  }

  private async send({ key, file, facts }: Upload): Promise<void> {
    const control = new AbortController();
    this.underWay.set(key, control);
    this.move(key, { kind: 'sending', fraction: 0 });
    try {
      const image = await this.options.send({
        file,
        facts,
        idempotencyKey: key,
        signal: control.signal,
        onProgress: (fraction) => {
          this.move(key, fraction < 1 ? { kind: 'sending', fraction } : { kind: 'reading' });
        },
      });
      this.move(key, { kind: 'done', image });
      this.options.onRecorded(image);
    } catch (thrown) {
      if (!control.signal.aborted) this.failed(key, toApiError(thrown));
    } finally {
      this.underWay.delete(key);
      this.pump();
    }
  }

  private failed(key: string, error: ApiError): void {
    const busyAnswers = (this.busyAnswers.get(key) ?? 0) + 1;
    if (error.isBusy && busyAnswers <= MOST_BUSY_ANSWERS) {
      this.busyAnswers.set(key, busyAnswers);
      this.hold(key, (error.retryAfterS ?? BUSY_WAIT_S) * 1000);
      return;
    }
    const canRetry = !FINAL.has(error.status);
    this.move(key, { kind: 'failed', message: error.message, canRetry });
    this.options.onError(error);
  }

  private hold(key: string, waitMs: number): void {
    this.move(key, { kind: 'held', retryAtMs: Date.now() + waitMs });
    const timer = setTimeout(() => {
      this.holds.delete(key);
      this.move(key, { kind: 'waiting' });
      this.pump();
    }, waitMs);
    this.holds.set(key, timer);
  }

  private forgetHold(key: string): void {
    clearTimeout(this.holds.get(key));
    this.holds.delete(key);
  }

  private move(key: string, state: UploadState): void {
    this.set(this.uploads.map((upload) => (upload.key === key ? { ...upload, state } : upload)));
  }

  private set(uploads: readonly Upload[]): void {
    this.uploads = uploads;
    for (const listener of this.listeners) listener();
  }
}

/** The photo's answer with the sighting as it is now; a photo has the time of its sightings. */
function withReplaced(image: RecordedImage, old: Sighting, now: Sighting | null): RecordedImage {
  if (now === null) {
    return { ...image, sightings: image.sightings.filter(({ id }) => id !== old.id) };
  }
  const sightings = image.sightings.map((one) => (one.id === now.id ? now : one));
  if (now.captured_at === old.captured_at) return { ...image, sightings };
  return {
    ...image,
    sightings,
    captured_at: now.captured_at,
    captured_at_source: now.captured_at_source ?? image.captured_at_source,
    captured_at_note: null,
  };
}

function newUpload(file: File, facts: PassFacts, state: UploadState): Upload {
  return { key: randomKey(), file, previewUrl: URL.createObjectURL(file), facts, state };
}

/** 128 random bits in hex. `crypto.randomUUID` is missing on plain HTTP, as on a home network. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
