package dev.katran;

import com.google.common.collect.ImmutableSet;
import com.google.common.collect.ImmutableSetMultimap;
import dev.katran.dataplane.Dataplane;
import java.net.InetAddress;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * The backends that are down for a VIP: flows that an id or the flow table would send to one of
 * them go to another one, if the VIP has {@link Vip.Builder#udpFlowMigration}. The ring is not
 * asked: take a backend out of it, too.
 *
 * <p>Changes are all or nothing: a method that throws has changed nothing. A mark ends with its VIP
 * and with its backend.
 */
public final class DownBackends {

  private final Control control;

  DownBackends(Control control) {
    this.control = control;
  }

  /**
   * A backend that is down for a VIP.
   *
   * @param vip the VIP whose flows leave it
   * @param backend the backend's address
   */
  public record Mark(VipKey vip, InetAddress backend) {}

  /** All marks. */
  public Set<Mark> entries() {
    return control.state().down().entries().stream()
        .map(entry -> new Mark(entry.getKey(), entry.getValue()))
        .collect(ImmutableSet.toImmutableSet());
  }

  /** Whether the backend is marked as down for the VIP. */
  public boolean contains(VipKey vip, InetAddress backend) {
    return control.state().down().containsEntry(vip, backend);
  }

  /**
   * Marks a backend as down.
   *
   * @throws IllegalArgumentException if the VIP is not installed, or the backend serves no VIP and
   *     is in no table
   * @throws LimitExceededException if there would be more than 16384 marks
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public void add(VipKey vip, InetAddress backend) {
    change(down ->
        ImmutableSetMultimap.<VipKey, InetAddress>builder().putAll(down).put(vip, backend).build());
  }

  /**
   * Takes the mark off.
   *
   * @return whether there was one
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public boolean remove(VipKey vip, InetAddress backend) {
    boolean[] removed = {false};
    change(down -> {
      removed[0] = down.containsEntry(vip, backend);
      ImmutableSetMultimap.Builder<VipKey, InetAddress> rest = ImmutableSetMultimap.builder();
      down.entries().stream()
          .filter(entry -> !entry.getKey().equals(vip) || !entry.getValue().equals(backend))
          .forEach(rest::put);
      return rest.build();
    });
    return removed[0];
  }

  /**
   * Makes the marks equal to these.
   *
   * @throws IllegalArgumentException if a VIP is not installed, or a backend serves no VIP and is
   *     in no table
   * @throws LimitExceededException if there would be more than 16384 marks
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public void replace(Set<Mark> replacement) {
    ImmutableSetMultimap.Builder<VipKey, InetAddress> after = ImmutableSetMultimap.builder();
    replacement.forEach(mark -> after.put(mark.vip(), mark.backend()));
    change(down -> after.build());
  }

  /**
   * Takes all marks off.
   *
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public void clear() {
    replace(Set.of());
  }

  private void change(UnaryOperator<ImmutableSetMultimap<VipKey, InetAddress>> change) {
    control.change(wanted -> {
      wanted.down = change.apply(wanted.down);
      wanted.down.forEach(this::check);
      if (wanted.down.size() > Dataplane.MAX_DOWN) {
        throw new LimitExceededException(
            "%d backends that are down are more than the limit of %d"
                .formatted(wanted.down.size(), Dataplane.MAX_DOWN));
      }
    });
  }

  private void check(VipKey vip, InetAddress backend) {
    State state = control.state();
    if (!state.vips().containsKey(vip)) {
      throw new IllegalArgumentException(vip + " is not installed");
    }
    if (!state.backends().containsKey(backend)) {
      throw new IllegalArgumentException(
          "no VIP and no table has the backend " + Addresses.text(backend));
    }
  }
}
