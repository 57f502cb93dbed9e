package dev.katran.packets;

import java.util.List;
import java.util.SplittableRandom;

/** Random choices, reproducible from a seed. */
public final class Dice {

  private final SplittableRandom random;

  /** Creates dice from a seed. */
  public Dice(long seed) {
    this.random = new SplittableRandom(seed);
  }

  /** Returns a number from 0 to bound - 1. */
  public int below(int bound) {
    return random.nextInt(bound);
  }

  /** Returns a number from least to most, both inclusive. */
  public int between(int least, int most) {
    return random.nextInt(least, most + 1);
  }

  /** Returns true with a probability of 1 in {@code times}. */
  public boolean oneIn(int times) {
    return random.nextInt(times) == 0;
  }

  /** Returns true or false with equal probability. */
  public boolean coin() {
    return random.nextBoolean();
  }

  /** Returns 32 random bits. */
  public int word() {
    return random.nextInt();
  }

  /** Returns a number of this many random bits, at most 32. */
  public int bits(int number) {
    return random.nextInt() & (int) ((1L << number) - 1);
  }

  /** Returns random bytes. */
  public byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  /** Returns one of the choices. */
  public int pick(int... choices) {
    return choices[below(choices.length)];
  }

  /** Returns one of the choices. */
  public <T> T pick(List<T> choices) {
    return choices.get(below(choices.size()));
  }
}
