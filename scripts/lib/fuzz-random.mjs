/** Numbers that look random and are the same in each run: xorshift32 on a state that is stirred from seed and index. */
export class Random {
  #state;

  /** The same seed and index give the same numbers, whatever was drawn for other indices. */
  constructor(seed, index = 0) {
    let state = (Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul((index | 0) + 1, 0x85ebca77)) | 0;
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
    state = Math.imul(state ^ (state >>> 12), 0x297a2d39);
    this.#state = (state ^ (state >>> 15)) | 1;
  }

  /** 32 bits, unsigned. */
  word() {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return state >>> 0;
  }

  /** An integer from 0 to `count` - 1. */
  below(count) {
    return Math.floor((this.word() / 2 ** 32) * count);
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  /** True once in `times`. */
  oneIn(times) {
    return this.below(times) === 0;
  }
}
