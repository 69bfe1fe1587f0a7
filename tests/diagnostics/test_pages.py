"""The pages of diagnostics: who may see them, what is logged, and that a correction keeps both judgements."""

import json
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from diagnostics import services
from diagnostics.models import DiagnosticOption, DiagnosticQuestion, DiagnosticResult, JourneyProgress, Stream
from relove.models import Staff, TelegramUser, UserActivityLog

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def result(person: TelegramUser) -> DiagnosticResult:
    session, turn = services.start(person, "ru", NOW)
    services.answer(session.pk, "да", NOW)
    while not turn.ended:
        turn = services.answer(session.pk, "1", NOW)
    return DiagnosticResult.objects.get()


def url(model: str, page: str, *args: object) -> str:
    return reverse(f"admin:diagnostics_{model}_{page}", args=args)


def test_every_list_and_form_opens(admin_client: Client, result: DiagnosticResult) -> None:
    session, progress = result.session, JourneyProgress.objects.get()
    assert session is not None
    pages = [
        url("diagnosticresult", "change", result.pk),
        url("usersession", "change", session.pk),
        url("journeyprogress", "change", progress.pk),
        url("diagnosticquestion", "add"),
        *(url(m, "changelist") for m in ("diagnosticresult", "usersession", "journeyprogress", "stage")),
        *(url(m, "changelist") for m in ("diagnosticquestion", "stream", "psychotype")),
        url("diagnosticquestion", "change", DiagnosticQuestion.objects.order_by("order")[0].pk),
        url("stream", "change", Stream.objects.all()[0].pk),
        url("stage", "change", "ORDEAL"),
    ]

    for page in pages:
        assert admin_client.get(page).status_code == 200, page


def test_opening_a_sensitive_row_is_logged(admin_client: Client, result: DiagnosticResult) -> None:
    admin_client.get(url("diagnosticresult", "change", result.pk))
    seen = UserActivityLog.objects.get(activity_type="view_sensitive")

    assert (seen.subject_table, seen.subject_id) == ("diagnostic_results", result.pk)
    assert seen.staff is not None


def test_a_list_and_an_export_are_logged_and_a_file_is_tried_before_it_counts(
    admin_client: Client, result: DiagnosticResult
) -> None:
    admin_client.get(url("diagnosticresult", "changelist"), {"psychotype__id__exact": "ANALYTICAL"})
    answer = admin_client.post(url("diagnosticresult", "export"), {"format": "0", "resource": "0"})
    logged = UserActivityLog.objects.filter(details__table="diagnostic_results").values_list(
        "activity_type", flat=True
    )

    assert set(logged) == {"view_sensitive_list", "export_sensitive"}
    data = json.loads(answer.content)
    data[0] |= {"created_at": "2025-01-01 10:00:00", "description": "из старой системы"}
    file = SimpleUploadedFile("results.json", json.dumps(data, ensure_ascii=False).encode())
    page = admin_client.post(
        url("diagnosticresult", "import"), {"format": "0", "resource": "0", "import_file": file}
    )
    assert "из старой системы" in page.content.decode()
    assert DiagnosticResult.objects.count() == 1, "the dry run stores nothing"
    confirm = {name: value for name, value in page.context["confirm_form"].initial.items() if value is not None}
    assert admin_client.post(url("diagnosticresult", "process_import"), confirm).status_code == 302
    assert DiagnosticResult.objects.count() == 2


def test_without_the_right_nothing_is_shown(client: Client, result: DiagnosticResult) -> None:
    client.force_login(Staff.objects.create_user("operator", password=None, is_staff=True))

    assert client.get(url("diagnosticresult", "changelist")).status_code == 403
    assert client.get(url("usersession", "changelist")).status_code == 403


def test_a_correction_keeps_both(admin_client: Client, result: DiagnosticResult) -> None:
    form = {"corrected_psychotype": "INTUITIVE", "corrected_stage": "ORDEAL", "correction": "Говорит образами."}
    response = admin_client.post(url("diagnosticresult", "change", result.pk), form)
    result.refresh_from_db()

    assert response.status_code == 302
    assert (result.psychotype_id, result.corrected_psychotype_id) == ("ANALYTICAL", "INTUITIVE")
    assert (result.journey_stage_id, result.corrected_stage_id) == ("ORDINARY_WORLD", "ORDEAL")
    assert result.corrected_by is not None
    assert JourneyProgress.objects.get().current_stage_id == "ORDEAL"


def test_a_correction_says_why(admin_client: Client, result: DiagnosticResult) -> None:
    response = admin_client.post(url("diagnosticresult", "change", result.pk), {"corrected_stage": "ORDEAL"})
    result.refresh_from_db()

    assert response.status_code == 200
    assert result.corrected_stage is None


def test_a_questionnaire_that_loses_a_stage_says_so(admin_client: Client) -> None:
    DiagnosticOption.objects.filter(stage="ORDEAL").update(stage=None, stage_weight=0)
    page = admin_client.get(url("diagnosticquestion", "changelist"))

    assert "Испытание" in page.content.decode()


def test_a_weight_without_an_aim_is_refused(admin_client: Client) -> None:
    question = DiagnosticQuestion.objects.order_by("order")[0]
    options = list(question.options.all())
    form = {"text": question.text, "text_en": "", "context": question.context, "is_active": "on"}
    form |= {"options-TOTAL_FORMS": str(len(options)), "options-INITIAL_FORMS": str(len(options))}
    for number, option in enumerate(options):
        form |= {
            f"options-{number}-id": str(option.pk),
            f"options-{number}-question": str(question.pk),
            f"options-{number}-text": option.text,
            f"options-{number}-psychotype": "",
            f"options-{number}-psychotype_weight": "3",
            f"options-{number}-stage": option.stage_id or "",
            f"options-{number}-stage_weight": str(option.stage_weight),
            f"options-{number}-order": str(number),
        }

    assert admin_client.post(url("diagnosticquestion", "change", question.pk), form).status_code == 200
