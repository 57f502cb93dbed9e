package dev.katran.internal.assembly;

import com.google.common.collect.ImmutableMap;
import dev.katran.AttachMode;
import dev.katran.ffm.LibbpfUnavailableException;
import dev.katran.ffm.NativeException;
import dev.katran.internal.control.Control;
import dev.katran.internal.control.MonotonicClock;
import dev.katran.internal.control.Ticker;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.DecapsulationProgram;
import dev.katran.internal.dataplane.DecapsulationRules;
import dev.katran.internal.dataplane.HookSpec;
import dev.katran.internal.dataplane.RestorationProgram;
import dev.katran.internal.dataplane.RestorationRules;
import dev.katran.internal.dataplane.kernel.KernelDataplane;
import dev.katran.internal.dataplane.kernel.KernelDecapsulator;
import dev.katran.internal.dataplane.kernel.KernelSourceRestorer;
import dev.katran.internal.dataplane.kernel.NativeAccess;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import dev.katran.internal.failure.Failure;
import dev.katran.internal.net.MacAddress;
import dev.katran.internal.nexthop.NextHops;
import dev.katran.internal.packet.Hop;
import dev.katran.internal.platform.PinFolder;
import dev.katran.internal.platform.PlatformCheck;
import dev.katran.internal.platform.Refusal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Opens dataplanes and connects each to a control plane. */
public final class Assembly {

  private final DataplaneConfig config;
  private final @Nullable MacAddress nextHop;
  private final Function<Failure, RuntimeException> exceptions;

  /**
   * Creates an assembly.
   *
   * @param nextHop the next hop of all frames; null to use the kernel's routing for each backend
   * @param exceptions converts a failure to a public exception
   */
  public Assembly(
      DataplaneConfig config,
      @Nullable MacAddress nextHop,
      Function<Failure, RuntimeException> exceptions) {
    this.config = config;
    this.nextHop = nextHop;
    this.exceptions = exceptions;
  }

  /** Opens a balancer with the in-memory dataplane. */
  public Control inMemory() {
    return control(new JavaDataplane(config), fixedNextHop());
  }

  /**
   * Opens a balancer with a kernel dataplane whose program is not attached.
   *
   * @param pins where everything outlives the process, or null
   */
  public Control detached(@Nullable Pins pins) {
    return opened(
        () -> {
          if (pins == null) {
            return control(KernelDataplane.detached(config), fixedNextHop());
          }
          PlatformCheck.check();
          KernelDataplane dataplane = KernelDataplane.pinned(config, pins.open());
          return adopted(dataplane, () -> {}, fixedNextHop());
        },
        "cannot open the load balancer: ",
        exceptions);
  }

  /**
   * The folder of a balancer that outlives its process.
   *
   * @param folder in a BPF file system
   * @param patience how long to wait for another process to let go
   */
  public record Pins(Path folder, Duration patience) {

    private PinFolder open() {
      return PinFolder.open(folder, KernelDataplane::isPin, patience);
    }
  }

  /**
   * Opens a balancer with a kernel dataplane whose program is attached to interfaces.
   *
   * @param interfaces one or more, and how their packets reach the program
   * @param pins where everything outlives the process, or null
   * @param acceptForeignMacs whether frames to other MAC addresses than the interface's are
   *     balanced
   * @param coverHostAddresses whether VIPs of prefixes may contain addresses of this host
   */
  public Control attached(
      ImmutableMap<String, HookSpec> interfaces,
      @Nullable Pins pins,
      boolean acceptForeignMacs,
      boolean coverHostAddresses) {
    return opened(
        () -> {
          KernelDataplane dataplane =
              KernelDataplane.forInterfaces(
                  config,
                  pins == null ? null : pins.open(),
                  interfaces,
                  acceptForeignMacs,
                  coverHostAddresses);
          try {
            if (pins == null) {
              dataplane.attach();
            }
            NextHops hops =
                nextHop == null
                    ? NextHops.routed(dataplane::interfaceIndex, interfaces.size() == 1)
                    : fixedNextHop();
            return pins == null
                ? control(dataplane, hops)
                : adopted(dataplane, dataplane::attach, hops);
          } catch (RuntimeException | Error e) {
            dataplane.close();
            throw e;
          }
        },
        "cannot open the load balancer: ",
        exceptions);
  }

  /** Continues what is pinned, if anything. */
  private Control adopted(KernelDataplane dataplane, Runnable attach, NextHops nextHops) {
    Control control = control(dataplane, nextHops, MonotonicClock.ofHost());
    try {
      control.adopt(() -> dataplane.install(attach));
      return control;
    } catch (RuntimeException | Error e) {
      if (dataplane.isNew()) {
        control.uninstall();
      } else {
        control.close();
      }
      throw e;
    }
  }

  /**
   * Removes what a balancer has pinned. No process may be using it.
   *
   * @return whether there was anything
   */
  public static boolean uninstall(Path folder, Function<Failure, RuntimeException> exceptions) {
    return opened(
        () -> {
          if (!Files.exists(folder)) {
            return false;
          }
          try (PinFolder pins = new Pins(folder, Duration.ZERO).open()) {
            KernelDataplane.delete(pins);
            return true;
          }
        },
        "cannot uninstall the load balancer: ",
        exceptions);
  }

  /** Opens a decapsulator, see {@link KernelDecapsulator#open}. */
  public static DecapsulationProgram decapsulator(
      String interfaceName,
      AttachMode mode,
      DecapsulationRules rules,
      Function<Failure, RuntimeException> exceptions) {
    return opened(
        () -> KernelDecapsulator.open(interfaceName, mode, rules),
        "cannot open the decapsulator: ",
        exceptions);
  }

  /** Opens a source restorer, see {@link KernelSourceRestorer#open}. */
  public static RestorationProgram sourceRestorer(
      String interfaceName,
      RestorationRules rules,
      Function<Failure, RuntimeException> exceptions) {
    return opened(
        () -> KernelSourceRestorer.open(interfaceName, rules),
        "cannot open the source restorer: ",
        exceptions);
  }

  private Control control(Dataplane dataplane, NextHops nextHops) {
    return control(dataplane, nextHops, MonotonicClock.system());
  }

  private Control control(Dataplane dataplane, NextHops nextHops, MonotonicClock clock) {
    try {
      return new Control(dataplane, config, nextHops, clock, Ticker.THREADS, exceptions);
    } catch (RuntimeException | Error e) {
      nextHops.close();
      throw e;
    }
  }

  /** Returns the configured next hop, or a made-up one for a balancer without an interface. */
  private NextHops fixedNextHop() {
    MacAddress mac = nextHop == null ? MacAddress.parse("02:00:00:00:00:01") : nextHop;
    return NextHops.fixed(new Hop(mac, null));
  }

  private static <T> T opened(
      Supplier<T> open, String prefix, Function<Failure, RuntimeException> exceptions) {
    try {
      return open.get();
    } catch (LibbpfUnavailableException e) {
      throw exceptions.apply(new Failure(Failure.Kind.LIBBPF, NativeAccess.explain(e), e));
    } catch (NativeException e) {
      throw exceptions.apply(Refusal.of(prefix + e.getMessage(), e));
    } catch (Failure e) {
      throw exceptions.apply(e);
    }
  }
}
