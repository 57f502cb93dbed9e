package dev.katran.internal.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class LockHolderTest {

  private static final List<String> LOCKS =
      List.of(
          "1: POSIX  ADVISORY  WRITE 11 00:27:3597747 0 EOF",
          "2: FLOCK  ADVISORY  READ  12 00:27:3597747 0 EOF",
          "3: FLOCK  ADVISORY  WRITE 13 fe:00:3597747 0 EOF",
          "4: FLOCK  ADVISORY  WRITE 4711 00:27:3597747 0 EOF",
          "4: -> FLOCK  ADVISORY  WRITE 15 00:27:3597748 0 EOF");

  @Test
  void pidOf_lockedInode_isThatOfTheExclusiveLock() {
    assertThat(LockHolder.pidOf("00:27:3597747", LOCKS)).hasValue(4711);
  }

  @Test
  void pidOf_hiddenOrWaitingProcess_isEmpty() {
    assertThat(LockHolder.pidOf("00:27:359774", LOCKS)).isEmpty();
    assertThat(LockHolder.pidOf("00:27:3597748", LOCKS)).isEmpty();
  }
}
