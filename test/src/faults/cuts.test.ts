import { tryInSmall } from './in-small.js';

tryInSmall('20 power cuts: the block device holds all that was acknowledged, and a cloud starts from it', 'cuts', 20);
