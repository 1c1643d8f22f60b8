import preact from '@preact/preset-vite';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { defineConfig } from 'vite';

/** Beside each file its compressed twin: the server has no compressor. */
const gzip = {
  name: 'gzip',
  closeBundle() {
    for (const file of readdirSync('dist', { recursive: true, encoding: 'utf8' }))
      if (/\.(html|js|css|svg)$/.test(file))
        writeFileSync(`dist/${file}.gz`, gzipSync(readFileSync(`dist/${file}`), { level: 9 }));
  },
};

export default defineConfig({
  plugins: [preact(), gzip],
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
});
