import { screen, within } from '@testing-library/react';
import { expect, test } from 'vitest';

import { renderApp } from '../../support/render';
import { annaAs, envelope, type FakeServer, refusal, serverWithAnna } from '../../support/server';

const LIST = {
  id: 3,
  name: 'residents',
  kind: 'allow',
  note: 'House 4 to 12',
  enabled: true,
  entries: 1200,
  created_at: '2026-03-01T12:00:00Z',
  updated_at: '2026-03-01T12:00:00Z',
};
const DONE = {
  id: 7,
  watchlist_id: 3,
  watchlist: 'residents',
  mode: 'add',
  filename: 'residents.csv',
  state: 'done',
  added: 12000,
  skipped: 3,
  removed: 0,
  refused: 0,
  error: null,
  username: 'anna',
  started_at: '2026-03-01T12:00:00Z',
  finished_at: '2026-03-01T12:00:14Z',
};
const PROBLEMS = [
  { line: 3, field: 'plate', message: "'#' is no part of a plate" },
  { line: 5, field: 'valid_to', message: "'2027' is not a time" },
];

function serverWithImports(...imports: object[]): FakeServer {
  return serverWithAnna()
    .on('GET /api/v1/watchlists', { body: { items: [LIST] } })
    .on('GET /api/v1/watchlists/imports', { body: { items: imports, next_cursor: null } });
}

async function rowOf(filename: string) {
  const row = (await screen.findByText(filename)).closest('li');
  if (row === null) throw new Error(`${filename} has a row`);
  return within(row);
}

test('the lists are shown with what they are for and how long they are', async () => {
  serverWithImports();
  renderApp('/lists');
  const section = within(await screen.findByRole('region', { name: 'Lists of plates 1' }));
  for (const text of ['residents', 'House 4 to 12', 'Let in', /^1.200 entries$/]) {
    expect(section.getByText(text)).toBeInTheDocument();
  }
  expect(await screen.findByText('No file was imported yet')).toBeInTheDocument();
});

test('an import says which file, who, when and what it did', async () => {
  serverWithImports(DONE);
  renderApp('/lists');
  const row = await rowOf('residents.csv');
  expect(row.getByText('Done')).toBeInTheDocument();
  expect(row.getByText(/sent by anna/)).toHaveTextContent(/^Into residents · .* · took 14 s$/);
  expect(row.getByText(/^12.000 added · 3 there already$/)).toBeInTheDocument();
  expect(row.queryByRole('button')).toBeNull();
});

test.each([
  [
    'a replacement of a list that is gone',
    { mode: 'replace', removed: 4, skipped: 0, watchlist_id: null },
    [/^Into residents, in place of all that it had \(deleted since\)/, /added · 4 replaced$/],
  ],
  [
    'one at work',
    { state: 'running', added: 4000, finished_at: null },
    ['Running', /^4.000 rows written so far/],
  ],
  [
    'one at work that wrote nothing yet',
    { state: 'running', added: 0, finished_at: null },
    ['Running', /^The file is read/],
  ],
  [
    'one that the server’s end broke off',
    { state: 'interrupted', finished_at: null },
    ['Broken off', /send the file again\.$/],
  ],
  [
    'one that failed as a whole',
    { state: 'failed', added: 0, error: 'The file has no rows.' },
    ['Nothing was changed', 'The file has no rows.'],
  ],
  [
    'one with more refused lines than are kept',
    { state: 'failed', added: 0, refused: 100, error: 'x' },
    [/^At least 100 refused · 0 added/],
  ],
])('an import is shown: %s', async (_name, over, texts) => {
  serverWithImports({ ...DONE, ...over });
  renderApp('/lists');
  const row = await rowOf('residents.csv');
  for (const text of texts) {
    expect(
      row.getByText((_, element) =>
        ['P', 'SPAN'].includes(element?.tagName ?? '')
          ? typeof text === 'string'
            ? element?.textContent === text
            : text.test(element?.textContent ?? '')
          : false,
      ),
    ).toBeInTheDocument();
  }
});

test('refused lines are shown when they are asked for', async () => {
  const server = serverWithImports({ ...DONE, state: 'failed', added: 0, refused: 2, error: 'x' });
  server.on('GET /api/v1/watchlists/imports/7', { body: { ...DONE, problems: PROBLEMS } });
  const { user } = renderApp('/lists');
  const row = await rowOf('residents.csv');
  expect(row.getByText(/^2 refused · 0 added/)).toBeInTheDocument();
  expect(server.to('GET /api/v1/watchlists/imports/7')).toEqual([]);
  await user.click(row.getByRole('button', { name: 'Show the refused lines' }));
  const table = within(await row.findByRole('table', { name: 'Refused lines of residents.csv' }));
  expect(table.getAllByRole('row').map(({ textContent }) => textContent)).toEqual([
    'LineColumnReason',
    "3plate'#' is no part of a plate",
    "5valid_to'2027' is not a time",
  ]);
  await user.click(row.getByRole('button', { name: 'Hide the refused lines', expanded: true }));
  expect(row.queryByRole('table')).toBeNull();
});

test('an import that ends while one looks changes its list too', async () => {
  const running = { ...DONE, state: 'running', finished_at: null };
  const server = serverWithImports(running);
  const { queries } = renderApp('/lists');
  expect(await screen.findByText('Running')).toBeInTheDocument();
  expect(screen.getByText(/^1.200 entries$/)).toBeInTheDocument();
  server
    .on('GET /api/v1/watchlists', { body: { items: [{ ...LIST, entries: 13200 }] } })
    .on('GET /api/v1/watchlists/imports', { body: { items: [DONE], next_cursor: null } });
  await queries.refetchQueries({ queryKey: ['watchlists', 'imports'] });
  expect(await screen.findByText(/^13.200 entries$/)).toBeInTheDocument();
  expect(screen.getByText('Done')).toBeInTheDocument();
});

test('older imports are loaded from where the page before ended', async () => {
  serverWithImports().on('GET /api/v1/watchlists/imports', ({ url }) =>
    new URL(url).searchParams.get('cursor') === 'next'
      ? { body: { items: [{ ...DONE, id: 1, filename: 'older.csv' }], next_cursor: null } }
      : { body: { items: [DONE], next_cursor: 'next' } },
  );
  const { user } = renderApp('/lists');
  await user.click(await screen.findByRole('button', { name: 'Show older ones' }));
  expect(await screen.findByText('older.csv')).toBeInTheDocument();
  expect(screen.getByText('residents.csv')).toBeInTheDocument();
});

test('what can not be loaded says why', async () => {
  serverWithAnna()
    .on('GET /api/v1/watchlists', refusal(500, 'The lists are away.'))
    .on('GET /api/v1/watchlists/imports', refusal(500, 'The imports are away.'));
  renderApp('/lists');
  expect(await screen.findByText('The lists are away.')).toBeInTheDocument();
  expect(await screen.findByText('The imports are away.')).toBeInTheDocument();
});

test('other roles see the lists alone, and ask for no imports', async () => {
  const server = serverWithImports(DONE);
  server.on('GET /auth/me', envelope(annaAs('viewer')));
  renderApp('/lists');
  expect(await screen.findByText('House 4 to 12')).toBeInTheDocument();
  expect(screen.queryByText('Imports')).toBeNull();
  expect(server.to('GET /api/v1/watchlists/imports')).toEqual([]);
});
