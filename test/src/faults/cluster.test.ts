import { tryInSmall } from './in-small.js';

tryInSmall(
  '2 kill -9 of a gateway, a trainer or nats-server under load: nothing acknowledged is lost, changed or stored twice, no version forks, no prediction is missed, and another takes over',
  'cluster',
  2,
);
