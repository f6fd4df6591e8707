import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, test } from 'vitest';

import { pathOf, renderApp } from '../../support/render';
import { makeSighting } from '../../support/sightings';
import { annaAs, envelope, type FakeServer, serverWithAnna } from '../../support/server';

function serverWithOne(over: Parameters<typeof makeSighting>[0] = {}): FakeServer {
  const sighting = makeSighting({ id: 7, ...over });
  return serverWithAnna()
    .on('GET /api/v1/sightings', { body: { items: [sighting], next_cursor: null } })
    .on('GET /api/v1/sightings/7', { body: sighting });
}

async function openedDrawer() {
  return within(await screen.findByRole('dialog', { name: 'Sighting' }));
}

test('a row opens the sighting with its facts, and closing keeps the search', async () => {
  serverWithOne({ camera: 'Gate north', region: 'us-ca', direction: 'leaving' });
  const { user, router } = renderApp('/?plate=AB12CDE');
  await user.click(await screen.findByRole('link', { name: /AB12CDE/ }));
  expect(pathOf(router)).toBe('/sightings/7?plate=AB12CDE');
  const drawer = await openedDrawer();
  const photo = await drawer.findByRole('img', { name: 'The photo with the plate AB12CDE' });
  expect(photo).toHaveAttribute('src', '/api/v1/sightings/7/image');
  for (const fact of ['Gate north', 'US-CA', 'Leaving', 'anna', '800 × 600 pixels']) {
    expect(drawer.getAllByText(fact).length).toBeGreaterThan(0);
  }
  expect(drawer.getByRole('link', { name: 'Picture with outline' })).toHaveAttribute(
    'href',
    '/api/v1/sightings/7/annotated',
  );
  await user.click(drawer.getByRole('button', { name: 'Close' }));
  expect(pathOf(router)).toBe('/?plate=AB12CDE');
});

test.each([
  [0.41, 'Probably BR (41%)', 'BR?'],
  [0.7, 'BR', 'BR'],
  [1, 'BR', 'BR'],
  [null, 'BR', 'BR'],
])('a region that is %s sure is shown as %s', async (region_confidence, fact, badge) => {
  serverWithOne({ region: 'br', region_confidence });
  renderApp('/sightings/7');
  const drawer = await openedDrawer();
  expect(await drawer.findByText(fact, { selector: 'dd' })).toBeInTheDocument();
  const title = badge === 'BR?' ? 'Region, probably: 41% sure' : 'Region';
  expect(drawer.getByTitle(title)).toHaveTextContent(badge);
});

test('Escape closes it', async () => {
  serverWithOne();
  const { user, router } = renderApp('/sightings/7');
  await openedDrawer();
  await user.keyboard('{Escape}');
  expect(pathOf(router)).toBe('/');
});

test('the focus goes back to the row that opened it', async () => {
  serverWithOne();
  const { user } = renderApp('/');
  const row = await screen.findByRole('link', { name: /AB12CDE/ });
  await user.click(row);
  await openedDrawer();
  await user.keyboard('{Escape}');
  await waitFor(() => {
    expect(row).toHaveFocus();
  });
});

test('a sighting without pictures still shows its facts', async () => {
  const none = { image_url: null, crop_url: null, annotated_url: null };
  serverWithOne({ ...none, image_width: null, image_height: null });
  renderApp('/sightings/7');
  const drawer = await openedDrawer();
  expect(await drawer.findByRole('article')).toBeInTheDocument();
  expect(drawer.queryByRole('img')).toBeNull();
  expect(drawer.queryByRole('link')).toBeNull();
  expect(drawer.getAllByText('not given').length).toBeGreaterThan(1);
});

test('a sighting that is not there says so', async () => {
  serverWithOne().on('GET /api/v1/sightings/8', {
    status: 404,
    body: { detail: 'There is no sighting 8.', request_id: '5b' },
  });
  renderApp('/sightings/8');
  const drawer = await openedDrawer();
  expect(await drawer.findByText('There is no sighting 8.')).toBeInTheDocument();
  expect(drawer.getByText('request 5b')).toBeInTheDocument();
});

test('where the time comes from is said, also of a pass that somebody typed', async () => {
  serverWithOne({ captured_at_source: 'exif' });
  renderApp('/sightings/7');
  const drawer = await openedDrawer();
  expect(await drawer.findByText(/\(by the camera’s clock\)$/)).toBeInTheDocument();
});

test('a typed pass has the time of its entry and no confidence', async () => {
  serverWithOne({ recognizer: 'manual', detector: 'manual', confidence: 1, characters: [] });
  renderApp('/sightings/7');
  const drawer = await openedDrawer();
  expect(await drawer.findByText(/\(time of the entry\)$/)).toBeInTheDocument();
  expect(drawer.queryByText('100%')).toBeNull();
});

test('an unsure reading is marked, and confirmed by who looked at it', async () => {
  const server = serverWithOne({ is_unsure: true }).on('PATCH /api/v1/sightings/7', {
    body: makeSighting({ id: 7, is_unsure: false }),
  });
  const { user } = renderApp('/sightings/7');
  const drawer = await openedDrawer();
  // Over the photo and beside the cut-out.
  expect(await drawer.findAllByText(', unsure')).toHaveLength(2);
  await user.click(drawer.getByRole('button', { name: 'AB12CDE is right' }));
  await waitFor(() => {
    expect(drawer.queryByText(', unsure')).toBeNull();
  });
  expect(await server.to('PATCH /api/v1/sightings/7')[0]?.json()).toEqual({ is_unsure: false });
  expect(drawer.queryByRole('button', { name: 'AB12CDE is right' })).toBeNull();
});

describe('deleting', () => {
  const DELETE = 'DELETE /api/v1/sightings/7';

  async function askedToDelete() {
    const app = renderApp('/sightings/7?plate=AB12');
    const drawer = await openedDrawer();
    await app.user.click(await drawer.findByRole('button', { name: 'Delete' }));
    const name = 'Delete the sighting of AB12CDE?';
    return { ...app, question: within(await screen.findByRole('dialog', { name })) };
  }

  test('takes the sighting out of the lists and closes the drawer', async () => {
    const server = serverWithOne().on(DELETE, () => {
      server.on('GET /api/v1/sightings', { body: { items: [], next_cursor: null } });
      return { body: null };
    });
    const { user, router, question } = await askedToDelete();
    await user.click(question.getByRole('button', { name: 'Delete' }));
    expect(await screen.findByText('The sighting of AB12CDE is deleted.')).toBeInTheDocument();
    expect(pathOf(router)).toBe('/?plate=AB12');
    expect(screen.queryByRole('link', { name: /AB12CDE/ })).toBeNull();
    await waitFor(() => {
      expect(screen.getByRole('main')).toHaveFocus();
    });
    expect(server.to(DELETE)).toHaveLength(1);
  });

  test('asks first, and keeps the sighting if the user says so', async () => {
    const server = serverWithOne();
    const { user, question } = await askedToDelete();
    expect(question.getByRole('button', { name: 'Keep' })).toHaveFocus();
    await user.click(question.getByRole('button', { name: 'Keep' }));
    await waitFor(() => {
      expect(screen.queryByRole('dialog', { name: /^Delete the/ })).toBeNull();
    });
    expect(server.to(DELETE)).toEqual([]);
  });

  test('says why the server keeps it', async () => {
    serverWithOne().on(DELETE, {
      status: 409,
      body: { detail: 'Sighting 7 is under the legal hold 1. Lift that first.' },
    });
    const { user, question } = await askedToDelete();
    await user.click(question.getByRole('button', { name: 'Delete' }));
    expect(await question.findByText(/under the legal hold 1/)).toBeInTheDocument();
  });

  test.each(['operator', 'viewer'] as const)('is not offered to an %s', async (role) => {
    serverWithOne().on('GET /auth/me', envelope(annaAs(role)));
    renderApp('/sightings/7');
    const drawer = await openedDrawer();
    expect(await drawer.findByText('Recorded by')).toBeInTheDocument();
    expect(drawer.queryByRole('button', { name: 'Delete' })).toBeNull();
  });
});
