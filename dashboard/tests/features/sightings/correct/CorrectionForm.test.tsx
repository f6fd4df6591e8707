import { screen, within } from '@testing-library/react';
import { expect, test } from 'vitest';

import { pathOf, renderApp } from '../../../support/render';
import { makeSighting } from '../../../support/sightings';
import { annaAs, envelope, type FakeServer, serverWithAnna } from '../../../support/server';

const PATCH = 'PATCH /api/v1/sightings/7';
const BEFORE = makeSighting({ id: 7, vehicle_type: 'car', vehicle_color: 'red' });

const REGIONS = [
  { code: 'de', name: 'Germany' },
  { code: 'fr', name: 'France' },
  { code: 'us-ca', name: 'California' },
];

function serverWithOne(over: Parameters<typeof makeSighting>[0] = {}): FakeServer {
  const sighting = { ...BEFORE, ...over };
  return serverWithAnna()
    .on('GET /api/v1/sightings', { body: { items: [sighting], next_cursor: null } })
    .on('GET /api/v1/sightings/7', { body: sighting })
    .on('GET /api/v1/regions', { body: { items: REGIONS } });
}

async function openedForm() {
  const app = renderApp('/sightings/7');
  await app.user.click(await screen.findByRole('button', { name: 'Correct' }));
  return { ...app, form: within(await screen.findByRole('form', { name: 'Correction' })) };
}

test('the vehicle is corrected, and shown everywhere as it is then', async () => {
  const vehicle = { vehicle_type: 'van', vehicle_color: null, vehicle_make: 'ford' } as const;
  const server = serverWithOne().on(PATCH, { body: { ...BEFORE, ...vehicle } });
  const { user, form } = await openedForm();
  expect(form.getByLabelText('Plate')).toHaveValue('AB12CDE');
  expect(screen.getByRole('form')).toHaveFocus();
  await user.click(form.getByRole('combobox', { name: 'Type' }));
  await user.click(await screen.findByRole('option', { name: 'Van' }));
  await user.clear(form.getByRole('combobox', { name: 'Color' }));
  await user.type(form.getByLabelText('Make'), 'Ford');
  await user.type(form.getByLabelText('Reason'), 'saw it');
  await user.click(form.getByRole('button', { name: 'Save' }));
  const drawer = within(await screen.findByRole('dialog', { name: 'Sighting' }));
  expect(await drawer.findByText('Ford van')).toBeInTheDocument();
  expect(await server.to(PATCH)[0]?.json()).toEqual({ ...vehicle, reason: 'saw it' });
  expect(drawer.getByRole('status')).toHaveTextContent('The sighting of AB12CDE is corrected.');
  expect(drawer.getByRole('button', { name: 'Correct' })).toHaveFocus();
  expect(screen.getByRole('link', { name: /AB12CDE/, hidden: true })).toHaveTextContent('Ford van');
});

test('another plate is sent alone, and what was read is still shown', async () => {
  const server = serverWithOne().on(PATCH, {
    body: { ...BEFORE, plate: 'AB12CDF', is_corrected: true },
  });
  const { user, form } = await openedForm();
  await user.clear(form.getByLabelText('Plate'));
  await user.click(form.getByRole('button', { name: 'Save' }));
  expect(form.getByText('Enter the plate.')).toBeInTheDocument();
  await user.type(form.getByLabelText('Plate'), 'ab12cdf');
  await user.click(form.getByRole('button', { name: 'Save' }));
  const drawer = within(await screen.findByRole('dialog', { name: 'Sighting' }));
  expect(await drawer.findByText('Read as')).toBeInTheDocument();
  expect(await server.to(PATCH)[0]?.json()).toEqual({ plate: 'AB12CDF' });
});

test('what the server refuses is shown at the field, and what was typed stays', async () => {
  serverWithOne().on(PATCH, {
    status: 422,
    body: { detail: 'Refused.', errors: [{ field: 'plate', message: 'Ж has no key.' }] },
  });
  const { user, form } = await openedForm();
  await user.clear(form.getByLabelText('Plate'));
  await user.type(form.getByLabelText('Plate'), 'Ж 123');
  await user.click(form.getByRole('button', { name: 'Save' }));
  expect(await form.findByText('Ж has no key.')).toBeInTheDocument();
  expect(form.getByRole('alert')).toHaveTextContent('Refused.');
  expect(form.getByLabelText('Plate')).toHaveValue('Ж 123');
});

test('a region is chosen by its name from the list of the server', async () => {
  const server = serverWithOne().on(PATCH, { body: { ...BEFORE, region: 'fr' } });
  const { user, form } = await openedForm();
  const field = form.getByRole('combobox', { name: 'Region' });
  await user.type(field, 'fran');
  await user.click(await screen.findByRole('option', { name: 'France (FR)' }));
  expect(screen.queryByRole('option', { name: 'Germany (DE)' })).toBeNull();
  await user.click(form.getByRole('button', { name: 'Save' }));
  await screen.findByRole('button', { name: 'Correct' });
  expect(await server.to(PATCH)[0]?.json()).toEqual({ region: 'fr' });
});

test('a region is taken away, also one that the server does not list', async () => {
  const server = serverWithOne({ region: 'xa' }).on(PATCH, { body: { ...BEFORE, region: null } });
  const { user, form } = await openedForm();
  expect(form.getByRole('combobox', { name: 'Region' })).toHaveValue('XA');
  await user.click(form.getByLabelText('Unknown region'));
  await user.click(form.getByRole('button', { name: 'Save' }));
  await screen.findByRole('button', { name: 'Correct' });
  expect(await server.to(PATCH)[0]?.json()).toEqual({ region: null });
});

test('without the list of regions the other facts can be corrected', async () => {
  const server = serverWithOne({ region: 'de' })
    .on('GET /api/v1/regions', { status: 500, body: { detail: 'broken' } })
    .on(PATCH, { body: { ...BEFORE, note: 'new' } });
  const { user, form } = await openedForm();
  expect(form.getByRole('combobox', { name: 'Region' })).toHaveValue('DE');
  await user.type(form.getByLabelText('Note'), 'new');
  await user.click(form.getByRole('button', { name: 'Save' }));
  await screen.findByRole('button', { name: 'Correct' });
  expect(await server.to(PATCH)[0]?.json()).toEqual({ note: 'new' });
});

test('a plate is shown and corrected as it is written, with the key that cameras read', async () => {
  const written = { plate: 'GOAB123', written: 'GÖ-AB 123' };
  const server = serverWithOne(written).on(PATCH, {
    body: { ...BEFORE, plate: 'GOAB124', written: 'GÖ-AB 124' },
  });
  const { user } = renderApp('/sightings/7');
  expect(await screen.findByRole('article', { name: 'Sighting of GÖ-AB 123' })).toBeInTheDocument();
  expect(screen.getByText('GOAB123', { selector: 'dd' })).toBeInTheDocument();
  await user.click(screen.getByRole('button', { name: 'Correct' }));
  const form = within(await screen.findByRole('form', { name: 'Correction' }));
  const field = form.getByLabelText('Plate');
  expect(field).toHaveValue('GÖ-AB 123');
  await user.clear(field);
  await user.type(field, 'gö-ab 124');
  await user.click(form.getByRole('button', { name: 'Save' }));
  await screen.findByRole('button', { name: 'Correct' });
  expect(await server.to(PATCH)[0]?.json()).toEqual({ plate: 'GÖ-AB 124' });
});

test('saving without a change, and canceling, send nothing', async () => {
  const server = serverWithOne();
  const { user } = await openedForm();
  for (const end of ['Save', 'Cancel']) {
    await user.click(screen.getByRole('button', { name: end }));
    expect(await screen.findByRole('button', { name: 'Correct' })).toHaveFocus();
    expect(within(screen.getByRole('article')).getByRole('status')).toBeEmptyDOMElement();
    await user.click(screen.getByRole('button', { name: 'Correct' }));
  }
  expect(server.to(PATCH)).toHaveLength(0);
});

test('Escape does not throw away what was typed', async () => {
  serverWithOne();
  const { user, form, router } = await openedForm();
  await user.type(form.getByLabelText('Make'), 'Opel');
  await user.keyboard('{Escape}{Escape}');
  expect(form.getByLabelText('Make')).toHaveValue('Opel');
  expect(pathOf(router)).toBe('/sightings/7');
});

test('who may only look is offered no correction', async () => {
  serverWithOne({ note: 'let in by hand' }).on('GET /auth/me', envelope(annaAs('viewer')));
  renderApp('/sightings/7');
  expect(await screen.findByText('let in by hand')).toBeInTheDocument();
  expect(screen.getByText('Red car', { selector: 'dd' })).toBeInTheDocument();
  expect(screen.queryByRole('button', { name: 'Correct' })).toBeNull();
});
