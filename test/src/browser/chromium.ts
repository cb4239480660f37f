import { existsSync } from 'node:fs';

const PLACES = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** A Chromium that is installed; else one line that says what to do. */
export function findChromium(): { readonly path: string } | { readonly missing: string } {
  const path = PLACES.find((place) => place !== undefined && existsSync(place));
  return path === undefined
    ? { missing: 'no Chromium was found: apt install chromium, or set CHROMIUM to its path' }
    : { path };
}
