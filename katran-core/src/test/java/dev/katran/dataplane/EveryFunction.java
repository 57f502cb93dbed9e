package dev.katran.dataplane;

import com.google.common.collect.ImmutableList;
import dev.katran.Backend;
import dev.katran.Decapsulation;
import dev.katran.Decapsulator;
import dev.katran.Encapsulation;
import dev.katran.Flow;
import dev.katran.ForwardingCore;
import dev.katran.LoadBalancer;
import dev.katran.LoadBalancerBuilder;
import dev.katran.Prefix;
import dev.katran.Tracking;
import dev.katran.TunnelEnd;
import dev.katran.Verdict;
import dev.katran.Vip;
import dev.katran.bpf.BpfPrograms;
import dev.katran.ffm.BpfObject;
import dev.katran.lab.Lab;
import dev.katran.packets.Packet;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Uses everything that there is to open, for a process of other privileges than the tests'. Prints
 * a line for each, with tabs in between: its name, then OK or the exception's class and message.
 */
final class EveryFunction {

  private static final Backend ONE = Backend.of("10.0.0.11");
  private static final Backend TWO = Backend.of("10.0.0.12").via(Encapsulation.gue());

  private EveryFunction() {}

  interface Task {
    void run() throws Exception;
  }

  /**
   * Runs them.
   *
   * @param args an interface that is free, and one that has a program
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
        "listed decapsulator", () -> Decapsulator.on(free).destinations("10.0.0.2").open().close());
    report("kernel", EveryFunction::load);
    report("kernel's decapsulator", EveryFunction::loadDecapsulator);
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

  /** What Java code in front of it would not let through to the kernel. */
  private static void load() {
    DataplaneConfig config =
        DataplaneContract.CONFIG.withFlowTableCpus(
            ImmutableList.of(new DataplaneConfig.FlowTableCpu(0, OptionalInt.empty())));
    try (KernelTables tables = new KernelTables(config);
        KernelProgram program =
            KernelProgram.load(config, new Features(VipFlags.TRACKED, true, true), tables)) {
      check(program.instructions() > 0, "the program is empty");
    }
  }

  private static void loadDecapsulator() {
    try (BpfObject decap = BpfObject.open("katran", BpfPrograms.decap())) {
      decap.load();
    }
  }

  /** A balancer that has every option, with everything that it can have. */
  private static void use(LoadBalancerBuilder builder) {
    try (LoadBalancer lb =
        builder
            .sourceAddress("10.0.0.2")
            .answerTooBig(true)
            .tcpServerIds(true)
            .decapsulation(Decapsulation.STRICT)
            .forwardingCores(ForwardingCore.of(0))
            .open()) {
      Vip web = Vip.tcp("203.0.113.10", 443).backends(ONE, TWO).tracking(Tracking.ADAPTIVE).build();
      Vip quic =
          Vip.udp("203.0.113.10", 443)
              .backends(ONE, TWO)
              .quic()
              .udpFlowMigration()
              .sourceRouting()
              .build();
      Vip prefix = Vip.tcp("203.0.113.64/28").backends(ONE).build();
      lb.apply(List.of(web, quic, prefix));
      lb.serverIds().putAll(Map.of(1, ONE, 2, TWO));
      lb.sourceRoutes().put(Prefix.of("198.51.100.0/24"), ONE);
      lb.tunnelEnds().put(InetAddress.ofLiteral("10.0.0.2"), TunnelEnd.RECIRCULATE);
      lb.downBackends().add(quic.key(), TWO.address());
      lb.watch(web.key());
      byte[] frame = Packet.tcp("198.51.100.7", 49152, "203.0.113.10", 443).frame();
      check(lb.simulate(frame).verdict() != Verdict.PASS, "the VIP's packet passes");
      check(lb.counters().vip(web).packets() == 1, "the VIP's packet is not counted");
      lb.put(web.with(Backend.of("10.0.0.13")));
      lb.flows().find(Flow.tcp("198.51.100.7", 49152, "203.0.113.10", 443));
      lb.flows().report(Duration.ZERO);
      lb.flows().purge(web.key());
      check(lb.footprint().memory() >= 0, "the memory is negative");
    }
  }

  private static void check(boolean holds, String problem) {
    if (!holds) {
      throw new IllegalStateException(problem);
    }
  }
}
