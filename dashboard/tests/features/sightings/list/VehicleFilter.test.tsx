import { screen, waitFor, within } from '@testing-library/react';
import { expect, test } from 'vitest';

import { pathOf, renderApp } from '../../../support/render';
import { makeSighting } from '../../../support/sightings';
import { type FakeServer, serverWithAnna } from '../../../support/server';

const LIST = 'GET /api/v1/sightings';
const VAN = { vehicle_type: 'van', vehicle_color: 'white', vehicle_make: 'volkswagen' } as const;

function serverWithVehicles(): FakeServer {
  const known = makeSighting({ id: 3, plate: 'KNOWN1', location: 'Yard', ...VAN });
  return serverWithAnna().on(LIST, ({ url }) => {
    const asked = new URL(url).searchParams;
    const fits = Object.entries(VAN).every(([name, value]) => (asked.get(name) ?? value) === value);
    const others = asked.size > 1 ? [] : [makeSighting({ id: 2, plate: 'PLAIN1' })];
    return { body: { items: [...(fits ? [known] : []), ...others], next_cursor: null } };
  });
}

function askedOf(server: FakeServer): Record<string, string> {
  return Object.fromEntries(new URL(server.to(LIST).at(-1)?.url ?? '').searchParams);
}

test('the list tells the vehicle where it is known, and nothing elsewhere', async () => {
  serverWithVehicles();
  renderApp('/');
  expect(await screen.findByRole('link', { name: /KNOWN1/ })).toHaveTextContent(
    'KNOWN1White Volkswagen vanYard',
  );
  expect(screen.getByRole('link', { name: /PLAIN1/ })).not.toHaveTextContent(/car|van|unknown/i);
});

test('type, color and make are searched for, and stand in the address', async () => {
  const server = serverWithVehicles();
  const { user, router } = renderApp('/');
  await screen.findByText('PLAIN1');
  const toggle = screen.getByRole('button', { name: 'Vehicle' });
  expect(toggle).toHaveAttribute('aria-expanded', 'false');
  await user.click(toggle);
  await user.click(screen.getByRole('combobox', { name: 'Type' }));
  await user.click(await screen.findByRole('option', { name: 'Van' }));
  await user.type(screen.getByRole('combobox', { name: 'Color' }), 'white');
  await user.type(screen.getByLabelText('Make'), 'volkswagen ');
  expect(await screen.findByRole('button', { name: 'Vehicle (3)' })).toBeInTheDocument();
  // A slow typist makes pauses, in which less is searched for.
  await waitFor(() => {
    expect(askedOf(server)).toEqual({ limit: '30', ...VAN });
  });
  expect(await screen.findByText('KNOWN1')).toBeInTheDocument();
  expect(screen.queryByText('PLAIN1')).toBeNull();
  expect(pathOf(router)).toBe('/?vehicle_type=van&vehicle_color=white&vehicle_make=volkswagen');
  await user.click(screen.getByRole('button', { name: 'Any vehicle' }));
  expect(await screen.findByText('PLAIN1')).toBeInTheDocument();
  expect(pathOf(router)).toBe('/');
});

test('a plate and a vehicle are searched for together', async () => {
  const server = serverWithVehicles();
  const { user } = renderApp('/?vehicle_color=white');
  await user.type(await screen.findByRole('searchbox', { name: 'Find a plate' }), 'known1');
  await user.type(screen.getByLabelText('Make'), 'volkswagen');
  await screen.findByRole('button', { name: 'Vehicle (2)' });
  const { vehicle_color, vehicle_make } = VAN;
  await waitFor(() => {
    expect(askedOf(server)).toEqual({
      limit: '30',
      plate: '*KNOWN1*',
      vehicle_color,
      vehicle_make,
    });
  });
});

test('an address with a vehicle opens the fields, and says what to do where nothing fits', async () => {
  serverWithVehicles();
  const { user } = renderApp('/?vehicle_make=fiat');
  expect(await screen.findByText('No sighting fits this search')).toBeInTheDocument();
  expect(screen.getByLabelText('Make')).toHaveValue('fiat');
  await user.click(screen.getByRole('button', { name: 'Any make' }));
  const list = await screen.findByRole('list', { name: 'Sightings, newest first' });
  expect(within(list).getAllByRole('listitem')).toHaveLength(2);
});
