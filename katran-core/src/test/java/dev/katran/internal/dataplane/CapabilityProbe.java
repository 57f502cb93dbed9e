package dev.katran.internal.dataplane;

import com.google.common.collect.ImmutableList;
import dev.katran.Backend;
import dev.katran.Decapsulation;
import dev.katran.Decapsulator;
import dev.katran.Flow;
import dev.katran.Forwarding;
import dev.katran.ForwardingCore;
import dev.katran.LoadBalancer;
import dev.katran.LoadBalancerBuilder;
import dev.katran.Prefix;
import dev.katran.SourceRestorer;
import dev.katran.Tracking;
import dev.katran.TunnelEndpoint;
import dev.katran.Verdict;
import dev.katran.Vip;
import dev.katran.VipKey;
import dev.katran.bpf.BpfPrograms;
import dev.katran.ffm.BpfObject;
import dev.katran.internal.dataplane.kernel.KernelProgram;
import dev.katran.internal.dataplane.kernel.KernelTables;
import dev.katran.lab.Lab;
import dev.katran.packets.Packet;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Opens every kind of balancer and kernel object, to be run in a process with fewer capabilities
 * than the tests. Prints one tab-separated line each: its name, then OK or the exception's class
 * and message.
 */
public final class CapabilityProbe {

  private static final Backend ONE = Backend.of("10.0.0.11");
  private static final Backend TWO = Backend.of("10.0.0.12").via(Forwarding.gue());

  private CapabilityProbe() {}

  interface Task {
    void run() throws Exception;
  }

  /**
   * Runs the probe.
   *
   * @param args an interface without an XDP program, and one that has a program
   */
  public static void main(String[] args) {
    String free = args[0];
    String busy = args[1];
    report("memory", () -> use(LoadBalancer.inMemory()));
    report("detached", () -> use(LoadBalancer.detached()));
    report("attached", () -> use(LoadBalancer.on(free)));
    report("busy", () -> LoadBalancer.on(busy).open().close());
    report("decapsulator", () -> Decapsulator.on(free).open().close());
    report(
        "listed decapsulator",
        () ->
            Decapsulator.on(free)
                .destinations("10.0.0.2")
                .sources("10.0.0.0/24")
                .vips("203.0.113.10")
                .open()
                .close());
    report(
        "source restorer",
        () ->
            SourceRestorer.on(free)
                .vip(VipKey.tcp("203.0.113.10", 443), "10.0.0.11", 8443)
                .except("10.0.0.0/24")
                .open()
                .close());
    report("kernel", CapabilityProbe::load);
    report("kernel's decapsulator", CapabilityProbe::loadDecapsulator);
    report("lab", () -> Lab.create().close());
  }

  private static void report(String name, Task task) {
    String outcome;
    try {
      task.run();
      outcome = "OK\t";
    } catch (Exception e) {
      outcome = e.getClass().getSimpleName() + "\t" + e.getMessage().replace('\n', ' ');
    }
    System.out.println(name + "\t" + outcome);
  }

  /** Loads the program directly, without the capability check of the public API. */
  private static void load() {
    DataplaneConfig config =
        DataplaneContract.CONFIG.with(c ->
            c.flowTableCpus =
                ImmutableList.of(new DataplaneConfig.FlowTableCpu(0, OptionalInt.empty())));
    try (KernelTables tables = new KernelTables(config);
        KernelProgram program =
            KernelProgram.load(config, new Features(VipFlags.TRACKED, true, true), tables)) {
      check(program.instructions() > 0, "empty program");
    }
  }

  private static void loadDecapsulator() {
    try (BpfObject decap = BpfObject.open("katran", BpfPrograms.decap())) {
      decap.load();
    }
  }

  /** Opens a balancer with every option and uses every table. */
  private static void use(LoadBalancerBuilder builder) {
    try (LoadBalancer lb =
        builder
            .sourceAddress("10.0.0.2")
            .sendPacketTooBig(true)
            .tcpServerIds(true)
            .decapsulation(Decapsulation.STRICT)
            .forwardingCores(ForwardingCore.of(0))
            .open()) {
      Vip web = Vip.tcp("203.0.113.10", 443).backends(ONE, TWO).tracking(Tracking.ADAPTIVE).build();
      Vip quic =
          Vip.udp("203.0.113.10", 443)
              .backends(ONE, TWO)
              .quic(true)
              .udpFlowMigration(true)
              .sourceRouting(true)
              .build();
      Vip prefix = Vip.tcp("203.0.113.64/28").backends(ONE).build();
      lb.apply(List.of(web, quic, prefix));
      lb.serverIds().putAll(Map.of(1, ONE, 2, TWO));
      lb.sourceRoutes().put(Prefix.of("198.51.100.0/24"), ONE);
      lb.tunnelEndpoints().put(InetAddress.ofLiteral("10.0.0.2"), TunnelEndpoint.RECIRCULATE);
      lb.downBackends().add(quic.key(), TWO.key());
      lb.watch(web.key());
      byte[] frame = Packet.tcp("198.51.100.7", 49152, "203.0.113.10", 443).frame();
      check(lb.simulate(frame).verdict() != Verdict.PASS, "the VIP's packet was not forwarded");
      check(
          lb.counters().vip(web).orElseThrow().packets() == 1, "the VIP's packet was not counted");
      lb.put(web.with(Backend.of("10.0.0.13")));
      lb.flows().find(Flow.tcp("198.51.100.7", 49152, "203.0.113.10", 443));
      lb.flows().report(Duration.ZERO);
      lb.flows().purge(web.key());
      check(lb.kernelResources().memory() >= 0, "negative memory usage");
    }
  }

  private static void check(boolean holds, String problem) {
    if (!holds) {
      throw new IllegalStateException(problem);
    }
  }
}
