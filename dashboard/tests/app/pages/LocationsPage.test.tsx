import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, expect, test, vi } from 'vitest';

import { renderApp } from '../../support/render';
import { annaAs, envelope, type FakeServer, refusal, serverWithAnna } from '../../support/server';

const YARD = {
  id: 3,
  name: 'Yard',
  address: '1 Kings Road',
  latitude: null,
  longitude: null,
  time_zone: 'Europe/Berlin',
  capacity: 40,
  occupancy: 12,
  free_places: 28,
  overstay_minutes: null,
  same_pass_s: 0,
  tariff: null,
  created_at: '2026-03-01T12:00:00Z',
};
const SETTINGS = { time_zone: 'Europe/Berlin', time_zone_origin: 'administrator' };

function serverWithYard(over: Partial<typeof SETTINGS> = {}): FakeServer {
  return serverWithAnna()
    .on('GET /api/v1/settings', { body: { ...SETTINGS, ...over } })
    .on('GET /api/v1/locations', { body: { items: [YARD], next_cursor: null } });
}

async function choose(user: ReturnType<typeof renderApp>['user'], label: string, zone: string) {
  await user.click(await screen.findByRole('combobox', { name: label }));
  const field = screen.getByRole('combobox', { name: label });
  await user.clear(field);
  await user.paste(zone);
  await user.click(await screen.findByRole('option', { name: zone }));
}

async function zoneIs(label: string, zone: string) {
  await waitFor(() => {
    expect(screen.getByRole('combobox', { name: label })).toHaveValue(zone);
  });
}

beforeEach(() => {
  // Of all the zones, a few: drawing hundreds of options takes long here.
  const zones = ['Asia/Tokyo', 'Europe/Berlin', 'Europe/London'];
  vi.spyOn(Intl, 'supportedValuesOf').mockReturnValue(zones);
});

test('each location is shown with its zone and how full it is', async () => {
  serverWithYard();
  renderApp('/locations');
  expect(await screen.findByRole('combobox', { name: 'Time zone of Yard' })).toHaveValue(
    'Europe/Berlin',
  );
  expect(screen.getByText('1 Kings Road · 12 inside of 40')).toBeInTheDocument();
});

test('the zone of a location is changed at once', async () => {
  const server = serverWithYard().on('PATCH /api/v1/locations/3', () => {
    const items = [{ ...YARD, time_zone: 'Asia/Tokyo' }];
    server.on('GET /api/v1/locations', { body: { items, next_cursor: null } });
    return { body: items[0] };
  });
  const { user } = renderApp('/locations');
  await choose(user, 'Time zone of Yard', 'Asia/Tokyo');
  expect(await screen.findByText('Time zone of Yard: Asia/Tokyo')).toBeInTheDocument();
  expect(await server.to('PATCH /api/v1/locations/3')[0]?.json()).toEqual({
    time_zone: 'Asia/Tokyo',
  });
  await zoneIs('Time zone of Yard', 'Asia/Tokyo');
});

test('the zone of the server is changed at once', async () => {
  const server = serverWithYard({ time_zone_origin: 'nobody', time_zone: 'UTC' });
  server.on('PATCH /api/v1/settings', { body: { ...SETTINGS, time_zone: 'Asia/Tokyo' } });
  const { user } = renderApp('/locations');
  expect(await screen.findByText(/^Nobody chose one yet/)).toBeInTheDocument();
  await choose(user, 'Time zone of the server', 'Asia/Tokyo');
  await zoneIs('Time zone of the server', 'Asia/Tokyo');
  expect(screen.queryByText(/^Nobody chose one yet/)).toBeNull();
});

test('a zone that the server refuses stays as it was', async () => {
  serverWithYard().on('PATCH /api/v1/locations/3', refusal(422, 'It is not known here.'));
  const { user } = renderApp('/locations');
  await choose(user, 'Time zone of Yard', 'Asia/Tokyo');
  expect(await screen.findByText('It is not known here.')).toBeInTheDocument();
  expect(screen.getByRole('combobox', { name: 'Time zone of Yard' })).toHaveValue('Europe/Berlin');
});

test('a zone of the environment can not be changed here', async () => {
  serverWithYard({ time_zone_origin: 'environment' });
  renderApp('/locations');
  expect(await screen.findByText(/PLATEWATCH_TIME_ZONE/)).toBeInTheDocument();
  expect(screen.queryByRole('combobox', { name: 'Time zone of the server' })).toBeNull();
});

test('other roles see the zones and change none', async () => {
  serverWithYard().on('GET /auth/me', envelope(annaAs('operator')));
  renderApp('/locations');
  const section = within(await screen.findByRole('region', { name: 'Locations' }));
  expect(await section.findByText('Europe/Berlin')).toBeInTheDocument();
  expect(screen.queryByRole('combobox')).toBeNull();
});

test('a server without locations says what makes one', async () => {
  serverWithYard().on('GET /api/v1/locations', { body: { items: [], next_cursor: null } });
  renderApp('/locations');
  expect(await screen.findByText('There is no location yet')).toBeInTheDocument();
});

test('what can not be loaded says why', async () => {
  serverWithAnna()
    .on('GET /api/v1/settings', refusal(500, 'The settings are away.'))
    .on('GET /api/v1/locations', refusal(500, 'The locations are away.'));
  renderApp('/locations');
  expect(await screen.findByText('The settings are away.')).toBeInTheDocument();
  expect(await screen.findByText('The locations are away.')).toBeInTheDocument();
});
