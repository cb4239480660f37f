import { tryInSmall } from './in-small.js';

tryInSmall(
  '20 kill -9 of the cloud under load: nothing acknowledged is lost, changed or stored twice, no version forks, no prediction is missed',
  'kills',
  20,
);
