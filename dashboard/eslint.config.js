import { readdirSync } from 'node:fs';

import js from '@eslint/js';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import jsxA11y from 'eslint-plugin-jsx-a11y';
import reactHooks from 'eslint-plugin-react-hooks';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const FEATURES = readdirSync(`${import.meta.dirname}/src/features`);
/** From the bottom to the top. */
const LAYERS = ['api', 'domain', 'components', 'features', 'app'];

export default defineConfig(
  { ignores: ['src/api/schema.d.ts', 'node_modules'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  reactHooks.configs.flat['recommended-latest'],
  jsxA11y.flatConfigs.strict,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js', 'scripts/*.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { 'import-x': importX },
    settings: {
      'import-x/extensions': ['.ts', '.tsx'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts', '.tsx'] },
      'import-x/resolver-next': [
        createNodeResolver({
          extensions: ['.ts', '.tsx', '.js'],
          alias: { '@': [`${import.meta.dirname}/src`] },
        }),
      ],
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'import-x/no-unresolved': [
        'error',
        { ignore: ['^virtual:', '\\.css$', '^vitest/', '^eslint/'] },
      ],
      'import-x/no-cycle': 'error',
      'import-x/no-default-export': 'error',
      'import-x/order': [
        'error',
        {
          groups: ['builtin', 'external', 'internal', ['parent', 'sibling', 'index']],
          pathGroups: [{ pattern: '@/**', group: 'internal' }],
          'newlines-between': 'always',
        },
      ],
      // tsc demands brackets for keys of an index signature.
      '@typescript-eslint/dot-notation': 'off',
      // Imports go downward only: app -> features -> components -> domain -> api. Sideways, a feature sees
      // no more of another than its queries: features/NAME/NAME.ts.
      'import-x/no-restricted-paths': [
        'error',
        {
          basePath: import.meta.dirname,
          zones: [
            ...FEATURES.map((feature) => ({
              target: `./src/features/${feature}`,
              from: './src/features',
              except: [`./${feature}`, ...FEATURES.map((other) => `./${other}/${other}.ts`)],
              message: 'Of another feature import only its queries, features/NAME/NAME.ts.',
            })),
            ...LAYERS.map((layer, height) => ({
              target: `./src/${layer}`,
              from: LAYERS.slice(height + 1).map((higher) => `./src/${higher}`),
              message: `Imports go downward only: ${LAYERS.toReversed().join(' -> ')}.`,
            })).slice(0, -1),
          ],
        },
      ],
    },
  },
  { files: ['vite.config.ts'], rules: { 'import-x/no-default-export': 'off' } },
  {
    // Plain JavaScript that brings no types.
    files: ['eslint.config.js', 'scripts/*.js'],
    languageOptions: { globals: { console: 'readonly', process: 'readonly', URL: 'readonly' } },
    extends: [tseslint.configs.disableTypeChecked],
    rules: { 'import-x/no-default-export': 'off' },
  },
);
