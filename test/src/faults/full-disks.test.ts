import { tryInSmall } from './in-small.js';

tryInSmall(
  'a disk that is full 10 times: uploads are refused by name, and go on by themselves when there is room',
  'disks',
  10,
);
