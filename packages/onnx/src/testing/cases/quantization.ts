import type { Cases } from '../case.js';

export const quantization: Cases = {
  fixed: [],
  random: {},
  without: {
    QuantizeLinear: { all: 'its gradient is straight through, not that of the steps: quantization.test.ts' },
    DequantizeLinear: { all: 'it reads integers: quantization.test.ts' },
  },
};
