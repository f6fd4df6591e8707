import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { ApiError } from '@/api/errors';
import { NOTHING_SAID, type PhotoToSend, type RecordedImage } from '@/features/uploads/sendPhoto';
import { AT_ONCE, MOST_BUSY_ANSWERS, UploadQueue } from '@/features/uploads/UploadQueue';

import { makeImage, makeSighting } from '../../support/sightings';

const FACTS = { ...NOTHING_SAID, camera: 'Gate', direction: 'entering' } as const;
const IMAGE = makeImage({ image: 'a.jpg' });

function photo(name: string): File {
  return new File(['x'], name, { type: 'image/jpeg' });
}

/** A sender whose answers the test gives by hand. */
class Sender {
  readonly sent: (PhotoToSend & {
    resolve: (image: RecordedImage) => void;
    reject: (error: Error) => void;
  })[] = [];

  readonly send = (what: PhotoToSend): Promise<RecordedImage> =>
    new Promise((resolve, reject) => {
      this.sent.push({ ...what, resolve, reject });
    });

  at(index: number) {
    const one = this.sent[index];
    if (one === undefined) throw new Error(`photo ${index} has not been sent`);
    return one;
  }

  async answer(index: number): Promise<void> {
    this.at(index).resolve(IMAGE);
    await vi.advanceTimersByTimeAsync(0);
  }

  async fail(index: number, status: number, retryAfterS: number | null = null): Promise<void> {
    this.at(index).reject(new ApiError(`status ${status}`, { status, retryAfterS }));
    await vi.advanceTimersByTimeAsync(0);
  }
}

describe('the upload queue', () => {
  let sender: Sender;
  let queue: UploadQueue;
  const onRecorded = vi.fn();
  const onError = vi.fn();

  beforeEach(() => {
    vi.useFakeTimers();
    sender = new Sender();
    onRecorded.mockReset();
    onError.mockReset();
    queue = new UploadQueue({ send: sender.send, onRecorded, onError });
  });

  afterEach(() => {
    queue.dispose();
  });

  function kinds(): string[] {
    return queue.snapshot().map(({ state }) => state.kind);
  }

  function keyAt(index: number): string {
    return queue.snapshot()[index]?.key ?? '';
  }

  function imageAt(index: number): RecordedImage {
    const state = queue.snapshot()[index]?.state;
    if (state?.kind !== 'done') throw new Error(`photo ${index} is not done`);
    return state.image;
  }

  test('sends a few at once and the next when one is done', async () => {
    queue.add([photo('a'), photo('b'), photo('c')], FACTS);
    expect(kinds()).toEqual(['sending', 'sending', 'waiting']);
    expect(sender.sent).toHaveLength(AT_ONCE);
    await sender.answer(0);
    expect(kinds()).toEqual(['done', 'sending', 'sending']);
    expect(onRecorded).toHaveBeenCalledExactlyOnceWith(IMAGE);
  });

  test('sends the facts as they were when the photo was added', () => {
    queue.add([photo('a')], FACTS);
    expect(sender.at(0).facts).toEqual(FACTS);
    expect(sender.at(0).file.name).toBe('a');
  });

  test('shows how much is sent, and that the server reads once all is', () => {
    queue.add([photo('a')], FACTS);
    sender.at(0).onProgress(0.4);
    expect(queue.snapshot()[0]?.state).toEqual({ kind: 'sending', fraction: 0.4 });
    sender.at(0).onProgress(1);
    expect(kinds()).toEqual(['reading']);
  });

  test('tells its listeners of every change until they leave', async () => {
    const listener = vi.fn();
    const leave = queue.subscribe(listener);
    queue.add([photo('a')], FACTS);
    expect(listener).toHaveBeenCalled();
    leave();
    listener.mockReset();
    await sender.answer(0);
    expect(listener).not.toHaveBeenCalled();
  });

  test.each([
    ['as long as the server asks', 20, 20_000],
    ['a little when it does not say', null, 5_000],
  ])('waits %s when it is busy, then sends the same key again', async (_name, retryAfterS, ms) => {
    queue.add([photo('a')], FACTS);
    await sender.fail(0, 503, retryAfterS);
    expect(kinds()).toEqual(['held']);
    await vi.advanceTimersByTimeAsync(ms - 1);
    expect(sender.sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(sender.sent).toHaveLength(2);
    expect(sender.at(1).idempotencyKey).toBe(sender.at(0).idempotencyKey);
    await sender.answer(1);
    expect(kinds()).toEqual(['done']);
    expect(onError).not.toHaveBeenCalled();
  });

  test('a held photo lets others pass', async () => {
    queue.add([photo('a'), photo('b'), photo('c')], FACTS);
    await sender.fail(0, 429, 60);
    expect(kinds()).toEqual(['held', 'sending', 'sending']);
  });

  test('gives up when the server stays busy', async () => {
    queue.add([photo('a')], FACTS);
    for (let answer = 0; answer <= MOST_BUSY_ANSWERS; answer += 1) {
      await sender.fail(answer, 503, 1);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(sender.sent).toHaveLength(MOST_BUSY_ANSWERS + 1);
    expect(kinds()).toEqual(['failed']);
  });

  test('shows what the server said, and sends again when asked to', async () => {
    queue.add([photo('a')], FACTS);
    await sender.fail(0, 500);
    expect(queue.snapshot()[0]?.state).toEqual({
      kind: 'failed',
      message: 'status 500',
      canRetry: true,
    });
    expect(onError).toHaveBeenCalledOnce();
    queue.retry(keyAt(0));
    await sender.answer(1);
    expect(kinds()).toEqual(['done']);
  });

  test.each([
    [0, true],
    [401, true],
    [409, true],
    [400, false],
    [403, false],
    [413, false],
    [415, false],
    [422, false],
  ])('after status %i, sending the same photo again is worth it: %s', async (status, canRetry) => {
    queue.add([photo('a')], FACTS);
    await sender.fail(0, status);
    expect(queue.snapshot()[0]?.state).toMatchObject({ kind: 'failed', canRetry });
  });

  test('shows a sighting as it was changed since, with its time', async () => {
    const [one, two] = [makeSighting({ id: 1 }), makeSighting({ id: 2, plate: 'XY99ZZZ' })];
    queue.add([photo('a')], FACTS);
    sender.at(0).resolve(makeImage({ sightings: [one, two], captured_at_note: 'A clock.' }));
    await vi.advanceTimersByTimeAsync(0);
    queue.replaceSighting(2, { ...two, plate: 'XY99ZZA' });
    expect(imageAt(0)).toMatchObject({
      captured_at_note: 'A clock.',
      sightings: [{ plate: 'AB12CDE' }, { plate: 'XY99ZZA' }],
    });
    const captured_at = '2026-02-01T10:00:00Z';
    queue.replaceSighting(1, { ...one, captured_at, captured_at_source: 'given' });
    expect(imageAt(0)).toMatchObject({
      captured_at,
      captured_at_source: 'given',
      captured_at_note: null,
    });
    queue.replaceSighting(77, one);
    expect(imageAt(0).sightings).toHaveLength(2);
  });

  test('a photo goes with the last of its sightings', async () => {
    queue.add([photo('a')], FACTS);
    const sightings = [makeSighting({ id: 1 }), makeSighting({ id: 2 })];
    sender.at(0).resolve(makeImage({ sightings }));
    await vi.advanceTimersByTimeAsync(0);
    queue.replaceSighting(1, null);
    expect(imageAt(0).sightings).toHaveLength(1);
    queue.replaceSighting(2, null);
    expect(queue.snapshot()).toEqual([]);
  });

  test('lists a refused file without sending it', () => {
    queue.refuse(photo('notes.txt'), FACTS, 'This is not a photo.');
    expect(queue.snapshot()[0]?.state).toMatchObject({ kind: 'failed', canRetry: false });
    expect(sender.sent).toHaveLength(0);
  });

  test('takes back a photo under way, and nothing comes of it', async () => {
    queue.add([photo('a')], FACTS);
    queue.remove(keyAt(0));
    expect(sender.at(0).signal.aborted).toBe(true);
    await sender.fail(0, 0);
    expect(queue.snapshot()).toEqual([]);
    expect(onError).not.toHaveBeenCalled();
  });

  test('clears what is finished and keeps the rest', async () => {
    queue.add([photo('a'), photo('b'), photo('c')], FACTS);
    await sender.answer(0);
    await sender.fail(1, 413);
    const revoked = vi.spyOn(URL, 'revokeObjectURL');
    queue.clearFinished();
    expect(queue.snapshot().map(({ file }) => file.name)).toEqual(['c']);
    expect(revoked).toHaveBeenCalledTimes(2);
  });

  test('disposed of, it sends nothing any more', async () => {
    queue.add([photo('a'), photo('b')], FACTS);
    await sender.fail(0, 503, 1);
    queue.dispose();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sender.sent).toHaveLength(2);
    expect(queue.snapshot()).toEqual([]);
  });

  test('gives every photo a key of its own', () => {
    queue.add([photo('a'), photo('a')], FACTS);
    expect(keyAt(0)).toMatch(/^[0-9a-f]{32}$/);
    expect(keyAt(0)).not.toBe(keyAt(1));
  });
});
