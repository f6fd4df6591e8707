import { fileURLToPath } from 'node:url';

import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const SERVER = 'http://127.0.0.1:8000';

export default defineConfig({
  base: '/app/',
  plugins: [react()],
  resolve: { alias: { '@': fileURLToPath(new URL('src', import.meta.url)) } },
  build: {
    outDir: '../src/platewatch/app/static',
    emptyOutDir: true,
    // The server's content security policy allows no data: fonts, so nothing is inlined.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
    rolldownOptions: {
      output: {
        // The libraries change less often than the pages, so browsers keep them apart.
        codeSplitting: {
          groups: [
            {
              name: 'mantine',
              test: /node_modules[\\/](@mantine|@floating-ui|react-dropzone)/,
              // What only some pages use comes with those pages, unless it is too little for a file.
              entriesAware: true,
              entriesAwareMergeThreshold: 60_000,
            },
            { name: 'vendor', test: /node_modules/ },
          ],
        },
      },
    },
  },
  server: {
    proxy: {
      '/api': { target: SERVER, ws: true },
      '/auth': SERVER,
      '/health': SERVER,
    },
  },
  test: {
    environment: 'jsdom',
    setupFiles: ['tests/setup.ts'],
    restoreMocks: true,
    testTimeout: 20000,
    unstubGlobals: true,
    css: { modules: { classNameStrategy: 'non-scoped' } },
  },
});
