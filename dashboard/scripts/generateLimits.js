// Writes src/api/limits.ts from openapi.json; with --check, fails where that file is not what it would write.
import { readFileSync, writeFileSync } from 'node:fs';

const TARGET = new URL('../src/api/limits.ts', import.meta.url);
const { components, paths } = JSON.parse(
  readFileSync(new URL('../openapi.json', import.meta.url), 'utf8'),
);

/** The number that a schema sets under this key; optional fields are an `anyOf` of a schema and null. */
function limitOf(schema, key) {
  return [schema, ...(schema.anyOf ?? [])].find((option) => key in option)?.[key];
}

function lengthsOf(schemas) {
  const lengths = Object.entries(schemas).map(([name, schema]) => [
    name,
    limitOf(schema, 'maxLength'),
  ]);
  return Object.fromEntries(lengths.filter(([, length]) => length !== undefined));
}

function bodyOf(name) {
  return components.schemas[name].properties;
}

function queryOf(path) {
  const { parameters } = paths[path].get;
  return Object.fromEntries(
    parameters.filter((one) => one.in === 'query').map(({ name, schema }) => [name, schema]),
  );
}

const lengths = {
  correction: lengthsOf(bodyOf('SightingUpdate')),
  photo: lengthsOf(bodyOf('Body_record_api_v1_sightings_post')),
  search: lengthsOf(queryOf('/api/v1/sightings')),
};
const maxRefused = limitOf(bodyOf('ListImportRead').refused, 'maximum');
if (maxRefused === undefined) throw new Error('openapi.json sets no maximum for refused lines');

const objects = Object.entries(lengths).map(([name, fields]) => {
  const lines = Object.entries(fields).map(([field, length]) => `    ${field}: ${length},\n`);
  return `  ${name}: {\n${lines.join('')}  },\n`;
});
const text = `// Written by \`npm run generate\` from openapi.json: change the server instead.

/** How many characters the server takes in each field. */
export const MAX_LENGTHS = {
${objects.join('')}} as const;

/** How many refused lines of an import the server keeps; it reads no further in a file with as many. */
export const MAX_REFUSED_LINES = ${maxRefused};
`;

if (!process.argv.includes('--check')) {
  writeFileSync(TARGET, text);
} else if (readFileSync(TARGET, 'utf8') !== text) {
  console.error('src/api/limits.ts is not what openapi.json says: run `npm run generate`.');
  process.exitCode = 1;
}
