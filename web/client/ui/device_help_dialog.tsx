/** "The browser keeps the camera closed": steps for this browser, and a way on without it. */
import { useApp } from "./context";
import { browserOf, DRAWN, SITE_STEPS, SYSTEM_STEPS, systemOf } from "./device_help";
import { Dialog } from "./dialog";
import { Icon } from "./icons";

export function DeviceHelp(props: { device: "microphone" | "camera" }) {
  const { model, actions, ui, l10n } = useApp();
  const { t } = l10n;
  const { device } = props;
  const bySystem = model.devices[device].value.state === "blocked-system";
  const browser = browserOf(navigator);
  const steps = bySystem ? SYSTEM_STEPS[systemOf(navigator)] : SITE_STEPS[browser];
  const close = () => {
    ui.dialog.value = null;
  };
  return (
    <Dialog title={t(bySystem ? "help-title-system" : "help-title", { device })} wide onCancel={close}>
      <p>{t(bySystem ? "help-why-system" : "help-why", { device })}</p>
      <ol class="steps">
        {steps.map((step, i) => (
          <li key={step}>
            <div>
              {t(step, { device })}
              {i === 0 && !bySystem && DRAWN.has(browser) && (
                <div class="address" aria-hidden="true">
                  <span class="spot">
                    <Icon name="settings" small />
                  </span>
                  {location.host}
                </div>
              )}
            </div>
          </li>
        ))}
      </ol>
      <p class="note">{t("help-still", { device })}</p>
      <div class="actions">
        <button type="button" class="button" data-harmless onClick={close}>
          {t("help-without", { device })}
        </button>
        <button
          type="button"
          class="button button-primary"
          onClick={() => {
            close();
            actions.retryDevice(device);
          }}
        >
          {t("try-again")}
        </button>
      </div>
    </Dialog>
  );
}
