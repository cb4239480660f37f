import { tryInSmall } from './in-small.js';

tryInSmall("6 kill -9 of what keeps a device's samples: what was told is kept is there, to the byte", 'spool', 6);
