import { tryInSmall } from './in-small.js';

tryInSmall('5 kill -9 of a device: what it was told is kept is kept, once', 'device-kills', 5);
