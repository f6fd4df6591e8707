import { describe, expect, test } from 'vitest';

import {
  ApiError,
  errorFromAnswer,
  retryAfterSeconds,
  toApiError,
  UNREACHABLE_MESSAGE,
} from '@/api/errors';

describe('errorFromAnswer', () => {
  test.each([
    [
      'nothing at all',
      null,
      500,
      'The server answered with status 500. Try again, or look in its log.',
    ],
    ['problem details', { title: 'Bad', detail: 'Send a JPEG.' }, 422, 'Send a JPEG.'],
    ['a problem with a title only', { title: 'Gone' }, 410, 'Gone'],
    [
      'the envelope of the accounts',
      { success: false, message: 'Wrong password.' },
      401,
      'Wrong password.',
    ],
    ['a proxy page', '<html>', 413, 'This photo is too large for the server. Send a smaller one.'],
    ['an empty detail', { detail: '' }, 403, 'Your account may not do this. Ask an administrator.'],
    [
      'a detail that is no text',
      { detail: [1] },
      404,
      'There is nothing here. It may have been deleted.',
    ],
    ['a busy server without words', {}, 503, 'The server is busy. Try again in a moment.'],
    ['an ended session without words', [], 401, 'Your session has ended. Log in again.'],
  ])('takes the message from %s', (_name, body, status, message) => {
    const error = errorFromAnswer(status, body);
    expect(error.message).toBe(message);
    expect(error.status).toBe(status);
  });

  test('keeps the request id and the messages of the fields', () => {
    const error = errorFromAnswer(422, {
      detail: 'Two fields are wrong.',
      request_id: '7f3a',
      errors: [{ field: 'username', message: 'Too long.' }, { field: 'x' }, 'noise'],
    });
    expect(error.requestId).toBe('7f3a');
    expect(error.fields).toEqual({ username: 'Too long.' });
  });

  test('reads how long to wait', () => {
    expect(errorFromAnswer(503, {}, '7').retryAfterS).toBe(7);
    expect(errorFromAnswer(503, {}).retryAfterS).toBeNull();
  });
});

describe('retryAfterSeconds', () => {
  const nowMs = Date.parse('2026-03-01T12:00:00Z');
  test.each([
    ['no header', null, null],
    ['an empty header', ' ', null],
    ['a count', '12', 12],
    ['a count below zero', '-3', 0],
    ['a date to come', 'Sun, 01 Mar 2026 12:00:30 GMT', 30],
    ['a date gone by', 'Sun, 01 Mar 2026 11:00:00 GMT', 0],
    ['words', 'soon', null],
  ])('understands %s', (_name, header, seconds) => {
    expect(retryAfterSeconds(header, nowMs)).toBe(seconds);
  });
});

describe('ApiError', () => {
  test.each([
    [401, { isBusy: false, isSessionEnd: true }],
    [403, { isBusy: false, isSessionEnd: false }],
    [429, { isBusy: true, isSessionEnd: false }],
    [503, { isBusy: true, isSessionEnd: false }],
    [0, { isBusy: false, isSessionEnd: false }],
  ])('with status %i knows what it means', (status, meaning) => {
    expect(new ApiError('x', { status })).toMatchObject(meaning);
  });

  test('stands in for anything that was thrown', () => {
    const known = new ApiError('Known.', { status: 422 });
    expect(toApiError(known)).toBe(known);
    expect(toApiError(new TypeError('Failed to fetch'))).toMatchObject({
      status: 0,
      message: UNREACHABLE_MESSAGE,
    });
  });
});
