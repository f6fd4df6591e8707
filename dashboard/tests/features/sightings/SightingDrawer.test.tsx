import { screen, within } from '@testing-library/react';
import { expect, test } from 'vitest';

import { pathOf, renderApp } from '../../support/render';
import { makeSighting } from '../../support/sightings';
import { type FakeServer, serverWithAnna } from '../../support/server';

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
])('a region that is %s sure is told as %s', async (region_confidence, fact, badge) => {
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
