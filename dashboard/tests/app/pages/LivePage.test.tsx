import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import { beforeEach, expect, test, vi } from 'vitest';

import { POLL_MS } from '@/features/sightings/sightings';
import type { RecordedImage } from '@/features/uploads/sendPhoto';

import { FakeUploadRequest } from '../../support/FakeUploadRequest';
import { FakeWebSocket } from '../../support/FakeWebSocket';
import { pathOf, renderApp } from '../../support/render';
import { makeImage, makeSighting, sightingAt } from '../../support/sightings';
import { annaAs, envelope, type FakeServer, refusal, serverWithAnna } from '../../support/server';

const LIST = 'GET /api/v1/sightings';

beforeEach(() => {
  FakeUploadRequest.sent = [];
  vi.stubGlobal('XMLHttpRequest', FakeUploadRequest);
});

function serverWith(...items: unknown[]): FakeServer {
  return serverWithAnna().on(LIST, { body: { items, next_cursor: null } });
}

function platesShown(): (string | null)[] {
  const list = screen.getByRole('list', { name: 'Sightings, newest first' });
  return within(list)
    .getAllByText(/^[A-Z0-9]{4,}$/)
    .map(({ textContent }) => textContent);
}

function tellRecorded(id: number, sighting: unknown): void {
  act(() => {
    FakeWebSocket.latest.tell({
      id,
      resume_id: id,
      kind: 'sighting.recorded',
      occurred_at: '2026-03-01T12:00:00Z',
      data: sighting,
    });
  });
}

function photo(name: string, type = 'image/jpeg'): File {
  return new File(['x'], name, { type });
}

test('the list shows what there is, with its facts', async () => {
  serverWith(
    sightingAt(9, { plate: 'NEWER1', camera: 'Gate', location: 'Yard', direction: 'entering' }),
    sightingAt(2, { plate: 'OLDER1', region: 'gb' }),
  );
  renderApp('/');
  expect(await screen.findByText('NEWER1')).toBeInTheDocument();
  expect(platesShown()).toEqual(['NEWER1', 'OLDER1']);
  expect(screen.getByRole('link', { name: /NEWER1/ })).toHaveTextContent(
    'NEWER1EnteringGate · Yard',
  );
  expect(screen.getByRole('link', { name: /OLDER1/ })).toHaveTextContent('GBOLDER1');
  expect(screen.getByText('These are all of them.')).toBeInTheDocument();
});

test('an empty list says what would fill it', async () => {
  serverWith();
  renderApp('/');
  expect(await screen.findByText('No sightings yet')).toBeInTheDocument();
});

test('a list that cannot be loaded shows why and can be asked for again', async () => {
  const server = serverWithAnna().on(LIST, refusal(500, 'The database is away.'));
  const { user } = renderApp('/');
  expect(await screen.findByText('The database is away.')).toBeInTheDocument();
  server.on(LIST, { body: { items: [makeSighting()], next_cursor: null } });
  await user.click(screen.getByRole('button', { name: 'Try again' }));
  expect(await screen.findByText('AB12CDE')).toBeInTheDocument();
});

test('more is loaded from where the page before ended', async () => {
  const server = serverWithAnna().on(LIST, ({ url }) =>
    new URL(url).searchParams.get('cursor') === 'next'
      ? { body: { items: [sightingAt(1, { plate: 'LAST1' })], next_cursor: null } }
      : { body: { items: [sightingAt(5, { plate: 'FIRST1' })], next_cursor: 'next' } },
  );
  const { user } = renderApp('/');
  await user.click(await screen.findByRole('button', { name: 'Load more' }));
  expect(await screen.findByText('LAST1')).toBeInTheDocument();
  expect(platesShown()).toEqual(['FIRST1', 'LAST1']);
  expect(screen.queryByRole('button', { name: 'Load more' })).toBeNull();
  expect(server.to(LIST).length).toBeGreaterThanOrEqual(2);
});

test('a search goes to the server and into the address', async () => {
  const server = serverWithAnna().on(LIST, ({ url }) => {
    const isSearch = new URL(url).searchParams.has('plate');
    return { body: { items: isSearch ? [] : [makeSighting()], next_cursor: null } };
  });
  const { user, router } = renderApp('/');
  await screen.findByText('AB12CDE');
  await user.type(screen.getByRole('searchbox', { name: 'Find a plate' }), 'xy 1');
  expect(await screen.findByText('No sighting with “XY 1”')).toBeInTheDocument();
  expect(pathOf(router)).toBe('/?plate=XY+1');
  expect(new URL(server.to(LIST).at(-1)?.url ?? '').searchParams.get('plate')).toBe('*XY 1*');
  await user.click(screen.getByRole('button', { name: 'Clear the search' }));
  expect(await screen.findByText('AB12CDE')).toBeInTheDocument();
  expect(pathOf(router)).toBe('/');
});

test('where a piece of a plate finds nothing, similar plates are offered', async () => {
  serverWithAnna().on(LIST, ({ url }) => {
    const { searchParams } = new URL(url);
    const isSimilar =
      searchParams.get('match') === 'fuzzy' && searchParams.get('plate') === 'O12CDE';
    return { body: { items: isSimilar ? [makeSighting()] : [], next_cursor: null } };
  });
  const { user, router } = renderApp('/?plate=O12CDE');
  await user.click(
    await screen.findByRole('button', { name: 'Search plates that look like “O12CDE”' }),
  );
  expect(await screen.findByText('AB12CDE')).toBeInTheDocument();
  expect(pathOf(router)).toBe('/?plate=O12CDE&match=similar');
  await user.click(screen.getByRole('button', { name: 'Look-alikes', pressed: true }));
  expect(pathOf(router)).toBe('/?plate=O12CDE');
});

test('a viewer is offered no photos to record', async () => {
  serverWithAnna().on('GET /auth/me', envelope(annaAs('viewer')));
  renderApp('/');
  expect(await screen.findByText('No sightings yet')).toBeInTheDocument();
  expect(screen.queryByRole('button', { name: 'Add photos' })).toBeNull();
});

test('a plate with marks is searched as it is typed, and what the server refuses is shown', async () => {
  const server = serverWithAnna().on(LIST, ({ url }) => {
    const plate = new URL(url).searchParams.get('plate');
    if (plate === '*12가*') return { status: 422, body: { detail: '가 has no key.' } };
    return { body: { items: plate === '*MÜ*' ? [umlaut] : [makeSighting()], next_cursor: null } };
  });
  const umlaut = makeSighting({ plate: 'MUOL5', written: 'MÜ-ÖL 5' });
  const { user, router } = renderApp('/');
  await screen.findByText('AB12CDE');
  const box = screen.getByRole('searchbox', { name: 'Find a plate' });
  await user.type(box, 'mü');
  expect(await screen.findByText('MÜ-ÖL 5')).toBeInTheDocument();
  expect(new URL(server.to(LIST).at(-1)?.url ?? '').searchParams.get('plate')).toBe('*MÜ*');
  expect(decodeURIComponent(pathOf(router))).toBe('/?plate=MÜ');
  await user.clear(box);
  await user.type(box, '12가');
  expect(await screen.findByText(/가 has no key\./)).toBeInTheDocument();
});

async function shownLive(server: FakeServer): Promise<void> {
  renderApp('/');
  await screen.findByText('OLDER1');
  act(() => {
    FakeWebSocket.latest.accept();
  });
  await waitFor(() => {
    expect(server.to(LIST)).toHaveLength(2);
  });
}

test('a sighting that comes while the list is being loaded is not lost to an older answer', async () => {
  const older = sightingAt(2, { plate: 'OLDER1' });
  const arrived = sightingAt(9, { plate: 'ARRIVED1' });
  const server = serverWith(older);
  await shownLive(server);
  let answerLate = (): void => undefined;
  server.on(LIST, async () => {
    await new Promise<void>((resolve) => (answerLate = resolve));
    server.on(LIST, { body: { items: [arrived, older], next_cursor: null } });
    return { body: { items: [older], next_cursor: null } };
  });
  act(() => {
    FakeWebSocket.latest.drop();
  });
  await waitFor(() => {
    expect(server.to(LIST)).toHaveLength(3);
  });
  server.on(LIST, { body: { items: [arrived, older], next_cursor: null } });
  act(() => {
    window.dispatchEvent(new Event('online'));
    FakeWebSocket.latest.accept();
  });
  tellRecorded(1, arrived);
  answerLate();
  await waitFor(() => {
    expect(server.to(LIST).length).toBeGreaterThan(3);
  });
  expect(platesShown()).toEqual(['ARRIVED1', 'OLDER1']);
});

test('a new sighting enters the list by itself and is read out', async () => {
  const server = serverWith(sightingAt(2, { plate: 'OLDER1' }));
  await shownLive(server);
  await waitFor(() => {
    expect(screen.getByText('Live', { selector: '[role=status]' })).toBeInTheDocument();
  });
  tellRecorded(1, sightingAt(9, { plate: 'ARRIVED1' }));
  expect(await screen.findByText('New sighting: ARRIVED1')).toBeInTheDocument();
  expect(platesShown()).toEqual(['ARRIVED1', 'OLDER1']);
  expect(screen.getByRole('link', { name: /ARRIVED1/ }).closest('li')).toHaveAttribute(
    'data-new',
    'true',
  );
});

test('an event of another kind changes nothing', async () => {
  serverWith(sightingAt(2, { plate: 'OLDER1' }));
  renderApp('/');
  await screen.findByText('OLDER1');
  act(() => {
    FakeWebSocket.latest.accept();
    FakeWebSocket.latest.tell({
      id: 1,
      resume_id: 1,
      kind: 'visit.opened',
      data: sightingAt(9, { plate: 'ARRIVED1' }),
    });
  });
  expect(platesShown()).toEqual(['OLDER1']);
});

test('while the live channel is away the list is asked for', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  const server = serverWith(sightingAt(2, { plate: 'OLDER1' }));
  renderApp('/');
  await screen.findByText('OLDER1');
  act(() => {
    FakeWebSocket.latest.drop();
  });
  expect(screen.getByText('Reconnecting')).toBeInTheDocument();
  server.on(LIST, { body: { items: [sightingAt(9, { plate: 'POLLED1' })], next_cursor: null } });
  await act(async () => {
    await vi.advanceTimersByTimeAsync(POLL_MS);
  });
  expect(await screen.findByText('POLLED1')).toBeInTheDocument();
});

test('a photo is sent, read, outlined and listed', async () => {
  serverWith();
  const { user } = renderApp('/');
  await user.upload(await screen.findByLabelText('Photos to read'), photo('car.jpg'));
  const sightings = [makeSighting(), makeSighting({ id: 2, plate: 'XY99ZZZ', region: 'de' })];
  act(() => {
    FakeUploadRequest.latest.answer(201, {
      images: [makeImage({ ms: 81.6, sightings })],
    });
  });
  const result = within(await screen.findByRole('region', { name: 'Result for car.jpg' }));
  expect(result.getByRole('img', { name: 'car.jpg' })).toHaveAttribute(
    'src',
    sightings[0]?.image_url,
  );
  expect(result.getByText('800 × 600 · read in 82 ms')).toBeInTheDocument();
  await user.click(result.getByRole('button', { name: 'Plate XY99ZZZ' }));
  expect(result.getByRole('img', { name: 'Cut-out of the plate XY99ZZZ' })).toBeInTheDocument();
  expect(result.getByRole('link', { name: 'All facts' })).toHaveAttribute('href', '/sightings/2');
  await waitFor(() => {
    expect(platesShown()).toEqual(['XY99ZZZ', 'AB12CDE']);
  });
});

test('a photo without a plate says what to try', async () => {
  serverWith();
  const { user } = renderApp('/');
  await user.upload(await screen.findByLabelText('Photos to read'), photo('sky.jpg'));
  act(() => {
    FakeUploadRequest.latest.answer(201, {
      images: [makeImage({ image: 'sky.jpg' })],
    });
  });
  expect(await screen.findByText('No plate found in this photo')).toBeInTheDocument();
});

test('a photo that the server refuses is not offered again', async () => {
  serverWith();
  const { user } = renderApp('/');
  await user.upload(await screen.findByLabelText('Photos to read'), photo('bad.jpg'));
  act(() => {
    FakeUploadRequest.latest.answer(422, { detail: 'The photo is cut short.' });
  });
  expect(await screen.findByText('The photo is cut short.')).toBeInTheDocument();
  expect(screen.getByText('0 of 1 photo read, 1 failed')).toBeInTheDocument();
  expect(screen.queryByRole('button', { name: 'Retry' })).toBeNull();
});

test('a photo that failed by the server’s fault can be sent again', async () => {
  serverWith();
  const { user } = renderApp('/');
  await user.upload(await screen.findByLabelText('Photos to read'), photo('car.jpg'));
  act(() => {
    FakeUploadRequest.latest.answer(500, { detail: 'The disk is full.' });
  });
  expect(await screen.findByText('The disk is full.')).toBeInTheDocument();
  await user.click(screen.getByRole('button', { name: 'Retry' }));
  expect(FakeUploadRequest.sent).toHaveLength(2);
});

test('a session that ends during a photo leads to log-in', async () => {
  const server = serverWith();
  const { user } = renderApp('/');
  await user.upload(await screen.findByLabelText('Photos to read'), photo('car.jpg'));
  server.on('GET /auth/me', refusal(401, 'Log in first.'));
  act(() => {
    FakeUploadRequest.latest.answer(401, { detail: 'Log in first.' });
  });
  expect(await screen.findByRole('heading', { name: 'Log in' })).toBeInTheDocument();
});

test('a dropped file that is no photo is listed with the reason and not sent', async () => {
  serverWith();
  renderApp('/');
  const zone = await screen.findByRole('button', { name: 'Add photos' });
  const file = photo('notes.pdf', 'application/pdf');
  fireEvent.drop(zone, {
    dataTransfer: {
      items: [{ kind: 'file', type: file.type, getAsFile: () => file }],
      types: ['Files'],
    },
  });
  expect(await screen.findByText(/This is not a photo that can be read/)).toBeInTheDocument();
  expect(FakeUploadRequest.sent).toHaveLength(0);
});

test('a pasted photo is sent, pasted text is not', async () => {
  serverWith();
  renderApp('/');
  await screen.findByText('No sightings yet');
  fireEvent.paste(document, { clipboardData: { files: [] } });
  expect(FakeUploadRequest.sent).toHaveLength(0);
  fireEvent.paste(document, { clipboardData: { files: [photo('image.png', 'image/png')] } });
  expect(FakeUploadRequest.sent).toHaveLength(1);
});

test('camera, location and direction go with the photos, vehicle and time with the next ones alone', async () => {
  serverWith();
  const { user } = renderApp('/');
  const toggle = await screen.findByRole('button', {
    name: 'Camera, location, direction, vehicle and time',
  });
  await user.click(toggle);
  expect(toggle).toHaveAttribute('aria-expanded', 'true');
  await user.type(screen.getByLabelText('Camera'), 'Gate north');
  await user.type(screen.getByLabelText('Location'), 'Yard');
  await user.click(screen.getByRole('radio', { name: 'Leaving' }));
  await user.click(screen.getByRole('combobox', { name: 'Vehicle type' }));
  await user.click(await screen.findByRole('option', { name: 'Van' }));
  await user.type(screen.getByRole('combobox', { name: 'Vehicle color' }), 'white');
  await user.type(screen.getByLabelText('Vehicle make'), 'Ford');
  fireEvent.change(screen.getByLabelText('Taken'), { target: { value: '2026-02-01T10:00:00' } });
  const place = { direction: 'leaving', camera: 'Gate north', location: 'Yard' };
  const vehicle = { vehicle_type: 'van', vehicle_color: 'white', vehicle_make: 'Ford' };
  const captured_at = new Date('2026-02-01T10:00:00').toISOString();
  for (const expected of [{ ...place, ...vehicle, captured_at }, place]) {
    await user.upload(screen.getByLabelText('Photos to read'), photo('car.jpg'));
    const { image, ...facts } = Object.fromEntries(FakeUploadRequest.latest.body);
    expect(image).toBeInstanceOf(File);
    expect(facts).toEqual(expected);
  }
  expect(screen.getByLabelText('Vehicle make')).toHaveValue('');
  expect(screen.getByLabelText('Taken')).toHaveValue('');
});

async function uploaded(user: ReturnType<typeof renderApp>['user'], image: RecordedImage) {
  await user.upload(await screen.findByLabelText('Photos to read'), photo('car.jpg'));
  act(() => {
    FakeUploadRequest.latest.answer(201, { images: [image] });
  });
  return within(await screen.findByRole('region', { name: 'Photos' }));
}

test('the time of a photo is changed for all its sightings, and shown everywhere', async () => {
  const server = serverWith();
  const sightings = [makeSighting({ id: 1 }), makeSighting({ id: 2, plate: 'XY99ZZZ' })];
  const captured_at = new Date('2026-02-28T08:30:00').toISOString();
  for (const sighting of sightings) {
    const body = { ...sighting, captured_at, captured_at_source: 'given' };
    server.on(`PATCH /api/v1/sightings/${sighting.id}`, { body });
  }
  const { user } = renderApp('/');
  const photos = await uploaded(
    user,
    makeImage({ sightings, captured_at_note: 'Check the camera’s clock.' }),
  );
  expect(photos.getByText('Check the camera’s clock.')).toBeInTheDocument();
  await user.click(screen.getByRole('button', { name: 'Change the time' }));
  const form = within(screen.getByRole('form', { name: 'Time of the photo' }));
  expect(form.getByLabelText('Taken')).toHaveFocus();
  fireEvent.change(form.getByLabelText('Taken'), { target: { value: '2026-02-28T08:30' } });
  await user.click(form.getByRole('button', { name: 'Save' }));
  expect(await photos.findByText(/, as entered$/)).toBeInTheDocument();
  expect(photos.queryByText('Check the camera’s clock.')).toBeNull();
  expect(screen.getByRole('button', { name: 'Change the time' })).toHaveFocus();
  for (const id of [1, 2]) {
    expect(await server.to(`PATCH /api/v1/sightings/${id}`)[0]?.json()).toEqual({ captured_at });
  }
});

test('a time that the server refuses stays in the form with the reason', async () => {
  const message = 'No photo was taken at 2036-01-01. Check the clock that says so.';
  serverWith().on('PATCH /api/v1/sightings/1', {
    status: 422,
    body: { detail: 'captured_at', errors: [{ field: 'captured_at', message }] },
  });
  const { user } = renderApp('/');
  await uploaded(user, makeImage({ sightings: [makeSighting({ id: 1 })] }));
  await user.click(screen.getByRole('button', { name: 'Change the time' }));
  const field = within(screen.getByRole('form', { name: 'Time of the photo' })).getByLabelText(
    'Taken',
  );
  fireEvent.change(field, { target: { value: '2036-01-01T00:00' } });
  await user.click(screen.getByRole('button', { name: 'Save' }));
  expect(await screen.findByText(message)).toBeInTheDocument();
  expect(field).toHaveValue('2036-01-01T00:00');
});

test('a time that was not changed is not sent', async () => {
  const server = serverWith();
  const { user } = renderApp('/');
  await uploaded(user, makeImage({ sightings: [makeSighting({ id: 1 })] }));
  await user.click(screen.getByRole('button', { name: 'Change the time' }));
  await user.click(screen.getByRole('button', { name: 'Save' }));
  expect(screen.getByRole('button', { name: 'Change the time' })).toHaveFocus();
  expect(server.to('PATCH /api/v1/sightings/1')).toEqual([]);
});

test('look-alikes are explained where some are found', async () => {
  serverWith(makeSighting());
  renderApp('/?plate=A812CDE&match=similar');
  expect(
    await screen.findByText(/^Plates that differ from “A812CDE” by one character/),
  ).toBeInTheDocument();
});

test('a viewer is not asked to drop photos', async () => {
  serverWith().on('GET /auth/me', envelope(annaAs('viewer')));
  renderApp('/');
  expect(await screen.findByText('Nothing was recorded on this server yet.')).toBeInTheDocument();
});

test('unsure readings are listed alone, as the address says', async () => {
  const server = serverWith(makeSighting());
  const { user, router } = renderApp('/');
  await screen.findByText('AB12CDE');
  server.on(LIST, { body: { items: [], next_cursor: null } });
  await user.click(screen.getByRole('button', { name: 'Unsure', pressed: false }));
  expect(await screen.findByText('No unsure reading waits for a look')).toBeInTheDocument();
  expect(pathOf(router)).toBe('/?unsure=true');
  expect(new URL(server.to(LIST).at(-1)?.url ?? '').searchParams.get('unsure')).toBe('true');
  await user.click(screen.getByRole('button', { name: 'Unsure', pressed: true }));
  expect(pathOf(router)).toBe('/');
});
