package dev.katran.internal.dataplane;

import java.util.function.Function;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.support.TypeBasedParameterResolver;

/**
 * Opens the dataplane under test. An adapter's test registers it in a static field, and nested
 * contracts inherit the registration:
 *
 * <pre>{@code
 * @RegisterExtension
 * static final DataplaneOpener OPENER = new DataplaneOpener(JavaDataplane::new);
 *
 * @Nested
 * class Parsing extends ParsingContract {}
 * }</pre>
 */
public final class DataplaneOpener extends TypeBasedParameterResolver<DataplaneOpener> {

  private final Function<DataplaneConfig, Dataplane> constructor;

  /** Creates an opener that calls a dataplane's constructor or factory method. */
  public DataplaneOpener(Function<DataplaneConfig, Dataplane> constructor) {
    this.constructor = constructor;
  }

  Dataplane open(DataplaneConfig config) {
    return constructor.apply(config);
  }

  @Override
  public DataplaneOpener resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return this;
  }
}
