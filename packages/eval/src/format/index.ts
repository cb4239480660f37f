// Numbers as people read them. Loads nothing else, so that a command may have them without the rest.
export {
  formatBytes,
  formatCount,
  formatDuration,
  formatEnvironment,
  formatPercent,
  formatPoints,
} from './format.js';
