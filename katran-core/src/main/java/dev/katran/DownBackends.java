package dev.katran;

import com.google.common.collect.ImmutableSet;
import com.google.common.collect.ImmutableSetMultimap;
import dev.katran.internal.control.Control;
import dev.katran.internal.control.InstalledState;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * The backends that are marked down for a VIP. Flows that a server id or the flow table would send
 * to one of them go to another backend if the VIP has {@link Vip.Builder#udpFlowMigration}. Marks
 * do not affect the ring: drain or remove the backend as well.
 *
 * <p>Changes are all or nothing: a method that throws has changed nothing. A mark ends with its VIP
 * and with its backend.
 *
 * @since 0.1.0
 */
public final class DownBackends {

  private final Control control;

  DownBackends(Control control) {
    this.control = control;
  }

  /**
   * A backend that is marked down for a VIP.
   *
   * @param vip the VIP whose flows leave the backend
   * @param backend the backend
   * @since 0.1.0
   */
  public record Mark(VipKey vip, BackendKey backend) {}

  /** Returns all marks. */
  public Set<Mark> entries() {
    return control.state().down().entries().stream()
        .map(entry -> new Mark(entry.getKey(), entry.getValue()))
        .collect(ImmutableSet.toImmutableSet());
  }

  /** Returns whether a backend is marked down for a VIP. */
  public boolean contains(VipKey vip, BackendKey backend) {
    return control.state().down().containsEntry(vip, backend);
  }

  /**
   * Returns whether a backend is marked down for a VIP, by the text of {@link BackendKey#parse}.
   */
  public boolean contains(VipKey vip, String backend) {
    return contains(vip, BackendKey.parse(backend));
  }

  /**
   * Marks a backend down.
   *
   * @throws IllegalArgumentException if the VIP is not installed, or no VIP and no table has the
   *     backend
   * @throws LimitExceededException if there would be more than 16384 marks
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public void add(VipKey vip, BackendKey backend) {
    change(down ->
        ImmutableSetMultimap.<VipKey, BackendKey>builder().putAll(down).put(vip, backend).build());
  }

  /**
   * Marks a backend down, see {@link #add(VipKey, BackendKey)}.
   *
   * @param backend as {@link BackendKey#parse} takes it, such as {@code 10.0.0.11}
   */
  public void add(VipKey vip, String backend) {
    add(vip, BackendKey.parse(backend));
  }

  /**
   * Removes a mark.
   *
   * @return whether there was one
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public boolean remove(VipKey vip, BackendKey backend) {
    boolean[] removed = {false};
    change(down -> {
      removed[0] = down.containsEntry(vip, backend);
      ImmutableSetMultimap.Builder<VipKey, BackendKey> rest = ImmutableSetMultimap.builder();
      down.entries().stream()
          .filter(entry -> !entry.getKey().equals(vip) || !entry.getValue().equals(backend))
          .forEach(rest::put);
      return rest.build();
    });
    return removed[0];
  }

  /**
   * Removes a mark, see {@link #remove(VipKey, BackendKey)}.
   *
   * @param backend as {@link BackendKey#parse} takes it, such as {@code 10.0.0.11}
   */
  public boolean remove(VipKey vip, String backend) {
    return remove(vip, BackendKey.parse(backend));
  }

  /**
   * Replaces all marks.
   *
   * @throws IllegalArgumentException if a VIP is not installed, or no VIP and no table has a
   *     backend
   * @throws LimitExceededException if there would be more than 16384 marks
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public void replace(Set<Mark> replacement) {
    ImmutableSetMultimap.Builder<VipKey, BackendKey> after = ImmutableSetMultimap.builder();
    replacement.forEach(mark -> after.put(mark.vip(), mark.backend()));
    change(down -> after.build());
  }

  /**
   * Removes all marks.
   *
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public void clear() {
    replace(Set.of());
  }

  private void change(UnaryOperator<ImmutableSetMultimap<VipKey, BackendKey>> change) {
    control.change(desired -> {
      desired.down(change.apply(desired.down()));
      desired.down().forEach(this::check);
    });
  }

  private void check(VipKey vip, BackendKey backend) {
    InstalledState state = control.state();
    if (!state.vips().containsKey(vip)) {
      throw new IllegalArgumentException(vip + " is not installed");
    }
    if (!state.backends().containsKey(backend)) {
      throw new IllegalArgumentException("no VIP and no table has the backend " + backend);
    }
  }
}
