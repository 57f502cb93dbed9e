package dev.katran.packets;

import java.util.List;
import java.util.SplittableRandom;

/** Random choices; the same seed gives the same ones. */
public final class Dice {

  private final SplittableRandom random;

  /** Dice that fall as the seed says. */
  public Dice(long seed) {
    this.random = new SplittableRandom(seed);
  }

  /** One of the numbers from 0 to one less than the bound. */
  public int below(int bound) {
    return random.nextInt(bound);
  }

  /** One of the numbers from the least to the most. */
  public int between(int least, int most) {
    return random.nextInt(least, most + 1);
  }

  /** True once in so many times. */
  public boolean oneIn(int times) {
    return random.nextInt(times) == 0;
  }

  /** Heads or tails. */
  public boolean coin() {
    return random.nextBoolean();
  }

  /** A number of 32 random bits. */
  public int word() {
    return random.nextInt();
  }

  /** A number of so many random bits. */
  public int bits(int number) {
    return random.nextInt() & (int) ((1L << number) - 1);
  }

  /** Random bytes. */
  public byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  /** One of these. */
  public int pick(int... choices) {
    return choices[below(choices.length)];
  }

  /** One of these. */
  public <T> T pick(List<T> choices) {
    return choices.get(below(choices.size()));
  }
}
