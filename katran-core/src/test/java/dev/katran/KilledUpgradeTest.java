package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.internal.control.Control;
import dev.katran.internal.control.FakeClock;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.kernel.KernelDataplane;
import dev.katran.internal.platform.PinFolder;
import dev.katran.needs.BpfMount;
import dev.katran.needs.NeedsKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The maps in a folder are converted by a process that is killed at any change of the folder: the
 * next one, with the old limits or the new ones, finds everything.
 */
@NeedsKernel
@Tag("unemulated")
class KilledUpgradeTest {

  /** Opening takes half a second, and there are some hundred changes. */
  private static final int STEP = 5;

  private static final int MAX_CHANGES = 2000;

  private static final DataplaneConfig OLD = RollbackContract.CONFIG;
  private static final DataplaneConfig NEW =
      OLD.with(config ->
          config.limits =
              OLD.limits()
                  .vips(40)
                  .backends(50)
                  .flowTableSize(1 << 14)
                  .serverIds(60)
                  .sourceRoutes(70));

  private final FakeClock clock = new FakeClock();
  private BpfMount files;

  @BeforeEach
  void mount() {
    files = BpfMount.open();
  }

  @AfterEach
  void unmount() {
    files.close();
  }

  private static final class Killed extends Error {
    private static final long serialVersionUID = 1L;
  }

  /** A process that ends before one of its changes of the folder. */
  private final class Mortal implements AutoCloseable {

    private final PinFolder folder;
    private final KernelDataplane dataplane;
    private final LoadBalancer lb;

    /** Opens a balancer that is killed after a number of changes to the folder. */
    Mortal(Path path, DataplaneConfig config, int changes) {
      int[] left = {changes};
      folder = PinFolder.open(path, KernelDataplane::isPin, Duration.ZERO);
      folder.beforeEachChange(() -> {
        if (left[0]-- <= 0) {
          left[0] = 0;
          throw new Killed();
        }
      });
      dataplane = KernelDataplane.pinned(config, folder);
      try {
        Control control = Balancers.control(dataplane, config, clock, (name, task) -> () -> {});
        assertThat(control.adopt(() -> dataplane.install(() -> {}))).isEqualTo(!dataplane.isNew());
        lb = Balancers.over(control);
      } catch (RuntimeException | Error e) {
        folder.close(); // nothing is tidied up
        throw e;
      }
      left[0] = Integer.MAX_VALUE;
    }

    @Override
    public void close() {
      dataplane.close();
    }
  }

  private boolean dies(Path path, DataplaneConfig config, int changes) {
    try {
      new Mortal(path, config, changes).close();
      return false;
    } catch (Killed e) {
      return true;
    }
  }

  private static List<String> generations(Path path) throws IOException {
    try (Stream<Path> pins = Files.list(path)) {
      return pins.map(pin -> pin.getFileName().toString())
          .filter(name -> name.contains("-"))
          .map(name -> name.substring(0, name.indexOf('-')))
          .distinct()
          .toList();
    }
  }

  @Test
  void convert_killedAtAnyChangeOfTheFolder_nextOpenFindsEverything() throws IOException {
    int kills = 0;
    int committed = 0;
    for (int changes = 0; changes < MAX_CHANGES; changes += STEP) {
      Path path = files.path().resolve("balancer" + changes);
      List<Object> before;
      try (Mortal first = new Mortal(path, OLD, Integer.MAX_VALUE)) {
        RollbackContract.install(first.lb);
        before = RollbackContract.seen(first.lb);
      }
      boolean isDead = dies(path, NEW, changes);
      committed += Files.exists(path.resolve("g2-settings")) ? 1 : 0;
      if (isDead && changes % 2 == 0) {
        dies(path, OLD, changes / 2); // and the roll-back is killed as well
      }
      DataplaneConfig next = changes % 4 < 2 ? OLD : NEW;
      try (Mortal last = new Mortal(path, next, Integer.MAX_VALUE)) {
        assertThat(RollbackContract.seen(last.lb)).as("killed at " + changes).isEqualTo(before);
        assertThat(generations(path)).hasSize(1);
        last.dataplane.forget();
      }
      if (!isDead) {
        assertThat(kills).isGreaterThan(committed);
        assertThat(committed).as("killed after the new maps were in force").isGreaterThan(1);
        return;
      }
      kills++;
    }
    throw new AssertionError("never opened");
  }
}
