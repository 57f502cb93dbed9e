package dev.katran.fuzz;

import dev.katran.dataplane.Dataplane;
import dev.katran.dataplane.DataplaneConfig;
import dev.katran.dataplane.JavaDataplane;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/** Dataplanes in plain Java that are not right. */
final class BrokenDataplane {

  /** How one is broken. */
  interface Fault {

    /**
     * What a method answers.
     *
     * @param answer what it would answer if the dataplane were right
     */
    Object apply(String method, Object[] arguments, Object answer);
  }

  private BrokenDataplane() {}

  /** A dataplane that is wrong only where the fault makes it so. */
  static Dataplane open(DataplaneConfig config, Fault fault) {
    JavaDataplane right = new JavaDataplane(config);
    return (Dataplane)
        Proxy.newProxyInstance(
            Dataplane.class.getClassLoader(),
            new Class<?>[] {Dataplane.class},
            (proxy, method, arguments) -> {
              try {
                return fault.apply(method.getName(), arguments, method.invoke(right, arguments));
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
