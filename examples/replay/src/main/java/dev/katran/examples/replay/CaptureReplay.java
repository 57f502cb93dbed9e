package dev.katran.examples.replay;

import dev.katran.LoadBalancer;
import dev.katran.LoadBalancerException;
import dev.katran.Simulation;
import dev.katran.Verdict;
import dev.katran.examples.replay.decode.SideBySide;
import dev.katran.examples.replay.pcap.CapturedFrame;
import dev.katran.examples.replay.pcap.PcapReader;
import dev.katran.examples.replay.pcap.PcapWriter;
import dev.katran.examples.replay.scenario.Scenario;
import dev.katran.examples.replay.scenario.Setup;
import java.io.Closeable;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Replays a capture through a balancer on each dataplane. The dataplanes must agree; the frames
 * that the first one sends are written.
 */
final class CaptureReplay implements Closeable {

  private final PrintWriter out;
  private final boolean quiet;
  private final int guePort;
  private final List<Dataplane> dataplanes;
  private final Deque<LoadBalancer> balancers = new ArrayDeque<>();

  private final Map<Verdict, Integer> verdicts = new EnumMap<>(Verdict.class);
  private int frames;
  private int truncated;
  private int refused;
  private int differing;

  /**
   * Opens the balancers and applies the scenario's steps, without its packets.
   *
   * @param quiet whether to print only the frames on which the dataplanes differ, or that were not
   *     run
   * @throws LoadBalancerException if a balancer cannot be opened or configured
   * @throws IllegalArgumentException if a balancer rejects the configuration
   */
  CaptureReplay(Scenario scenario, List<Dataplane> dataplanes, boolean quiet, PrintWriter out) {
    this.out = out;
    this.quiet = quiet;
    this.guePort = scenario.config().guePort();
    this.dataplanes = dataplanes;
    try {
      for (Dataplane dataplane : dataplanes) {
        LoadBalancer balancer = scenario.config().applyTo(dataplane.balancer()).open();
        balancers.add(balancer);
        Setup setup = new Setup(scenario.config(), balancer);
        scenario.steps().forEach(setup::apply);
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Replays a capture to its end and prints a summary.
   *
   * @return whether the dataplanes agreed
   * @throws IOException if reading or writing fails; frames before that are written
   */
  boolean run(PcapReader in, PcapWriter sent, Progress progress) throws IOException {
    try {
      for (Optional<CapturedFrame> frame = in.next(); frame.isPresent(); frame = in.next()) {
        frames++;
        replay(frame.get(), sent);
        progress.stepTo(in.position());
      }
    } finally {
      progress.close();
      summarise();
    }
    return differing == 0;
  }

  private void replay(CapturedFrame frame, PcapWriter sent) throws IOException {
    if (frame.isTruncated()) {
      truncated++;
    }
    List<Simulation> simulations = new ArrayList<>();
    try {
      balancers.forEach(balancer -> simulations.add(balancer.simulate(frame.bytes())));
    } catch (IllegalArgumentException e) {
      refused++;
      out.printf("%d not run: %s%n", frames, e.getMessage());
      return;
    }
    Simulation first = simulations.getFirst();
    verdicts.merge(first.verdict(), 1, Integer::sum);
    byte[] after = first.frame();
    if (!quiet) {
      out.printf("%d %s %d -> %d%n", frames, first.verdict(), frame.bytes().length, after.length);
    }
    if (first.verdict() == Verdict.TX) {
      sent.write(frame.with(after));
    }
    if (simulations.stream().distinct().count() > 1) {
      differing++;
      show(simulations.getFirst(), simulations.getLast());
    }
  }

  private void show(Simulation first, Simulation last) {
    out.printf("%nframe %d differs%n", frames);
    SideBySide.of(
            dataplanes.getFirst().toString(),
            Report.decode(first, guePort),
            dataplanes.getLast().toString(),
            Report.decode(last, guePort))
        .forEach(out::println);
    out.println();
  }

  private void summarise() {
    StringBuilder summary = new StringBuilder("replay: " + frames + " frames");
    for (Verdict verdict : Verdict.values()) {
      summary.append(", %d %s".formatted(verdicts.getOrDefault(verdict, 0), verdict));
    }
    if (truncated > 0) {
      summary.append(", %d truncated".formatted(truncated));
    }
    if (refused > 0) {
      summary.append(", %d not run".formatted(refused));
    }
    if (dataplanes.size() > 1) {
      summary.append(", %d on which the dataplanes differ".formatted(differing));
    }
    out.println(summary);
  }

  @Override
  public void close() {
    balancers.forEach(LoadBalancer::close);
  }
}
