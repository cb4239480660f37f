import { tryInSmall } from './in-small.js';

tryInSmall(
  'a second container on the data folder is refused, and may as soon as the first was killed',
  'containers',
  2,
);
